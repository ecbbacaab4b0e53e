import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { Server } from '../server.ts'

export interface Upload {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

/** The least size of a part that isn't the last. */
export const partSize = 5 * 2 ** 20

export async function startUpload(
  server: Server,
  Bucket: string,
  Key: string,
  more: Partial<CreateMultipartUploadCommandInput> = {},
): Promise<Upload> {
  const { UploadId } = await server.sdk.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))
  if (UploadId === undefined) throw new Error('an upload without an id')
  return { Bucket, Key, UploadId }
}

export async function uploadPart(
  server: Server,
  upload: Upload,
  PartNumber: number,
  Body: Uint8Array | string,
): Promise<CompletedPart> {
  const { ETag } = await server.sdk.send(new UploadPartCommand({ ...upload, PartNumber, Body }))
  return { ETag, PartNumber }
}

export function complete(server: Server, upload: Upload, Parts: CompletedPart[]) {
  return server.sdk.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
}

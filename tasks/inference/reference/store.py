"""The three buckets: images, predictions, and those of them that somebody should look at."""

import os
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from problem import cannot

from asked import Asked

#: What a store that is away, or refuses, is known by.
Trouble = (BotoCoreError, ClientError)


@dataclass(frozen=True)
class Listed:
    key: str
    #: Changes when the object does.
    etag: str


@dataclass(frozen=True)
class Store:
    client: Any

    def list(self, bucket: str, prefix: str) -> list[Listed]:
        """In code point order, whatever the store's."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [Listed(entry["Key"], entry["ETag"].strip('"')) for page in pages for entry in page.get("Contents", [])]
        return sorted(found, key=lambda listed: listed.key)

    def read(self, bucket: str, key: str) -> bytes:
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def write(self, bucket: str, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=content, ContentType="application/json")


def open_store(asked: Asked) -> Store:
    """Throws a Problem when one of the buckets can't be had."""
    endpoint = os.environ.get("S3_ENDPOINT") or None
    style = {"addressing_style": "path" if endpoint else "auto"}
    where = endpoint or "AWS"
    try:
        config = Config(connect_timeout=5, retries={"max_attempts": 5}, s3=style)
        client = boto3.client("s3", endpoint_url=endpoint, region_name=os.environ.get("AWS_REGION"), config=config)
    except (BotoCoreError, ValueError) as error:
        raise cannot("predict", "S3_ENDPOINT", "the address of an object store", f"{where} ({error})") from error
    buckets = {
        "INFERENCE_INPUT_BUCKET": asked.input_bucket,
        "HITL_BUCKET": asked.hitl_bucket,
        "OUTPUT_BUCKET": asked.output_bucket,
    }
    for variable, bucket in buckets.items():
        try:
            client.head_bucket(Bucket=bucket)
        except Trouble as error:
            raise cannot("predict", variable, f"a bucket there is at {where}", f"{bucket} ({error})") from error
    return Store(client)


def uri(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}"

"""The bucket of training images."""

import os
from dataclasses import dataclass
from typing import Any

from problem import cannot
from settings import Settings


@dataclass(frozen=True)
class Bucket:
    client: Any
    name: str
    prefix: str

    def uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def keys(self) -> list[str]:
        """In code point order, so that every training has the same."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix)
        return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))

    def read(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()


def open_bucket(settings: Settings) -> Bucket:
    """Throws a Problem when the bucket can't be had."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    endpoint = os.environ.get("S3_ENDPOINT") or None
    try:
        config = Config(
            connect_timeout=5, retries={"max_attempts": 5}, s3={"addressing_style": "path" if endpoint else "auto"}
        )
        client = boto3.client("s3", endpoint_url=endpoint, region_name=os.environ.get("AWS_REGION"), config=config)
        client.head_bucket(Bucket=settings.bucket)
    except (BotoCoreError, ClientError, ValueError) as error:
        where = f"{settings.bucket} at {endpoint or 'AWS'} ({error})"
        raise cannot("train", "TRAINING_BUCKET", "a bucket that can be read", where) from error
    return Bucket(client, settings.bucket, settings.prefix)

"""The bucket of training images."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
        with _answering(self.uri(self.prefix)):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix)
            return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))

    def read(self, key: str) -> bytes:
        with _answering(self.uri(key)):
            return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()


def open_bucket(settings: Settings) -> Bucket:
    import boto3
    from botocore.config import Config

    endpoint = os.environ.get("S3_ENDPOINT") or None
    addressing = "path" if endpoint else "auto"
    config = Config(connect_timeout=5, retries={"max_attempts": 5}, s3={"addressing_style": addressing})
    with _answering(f"{settings.bucket} at {endpoint or 'AWS'}"):
        client = boto3.client("s3", endpoint_url=endpoint, region_name=os.environ.get("AWS_REGION"), config=config)
        client.head_bucket(Bucket=settings.bucket)
    return Bucket(client, settings.bucket, settings.prefix)


@contextmanager
def _answering(what: str) -> Iterator[None]:
    """Whatever the store says instead of an answer is a Problem."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, ValueError) as error:
        raise cannot("train", "TRAINING_BUCKET", "a bucket that can be read", f"{what} ({error})") from error

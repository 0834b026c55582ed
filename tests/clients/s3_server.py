"""An S3-compatible server on loopback that checks signatures and rights, until the end of its input.

Prints its port, then the key and the secret of a user who has the rights that docs/OPERATIONS.md lists, in the bucket "logs". Then each
line of input is a prefix, and is answered by the number of uploads in parts that are under way below it.
"""

import json
import logging
import sys

import boto3
import requests
from moto.server import ThreadedMotoServer

RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            "Resource": "arn:aws:s3:::logs/*",
        },
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::logs"},
    ],
}
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
port = server.get_host_and_port()[1]
endpoint = f"http://127.0.0.1:{port}"


def client(service, key="any", secret="any"):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
    )


def user(name, policy):
    iam = client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="s3", PolicyDocument=json.dumps(policy))
    access = iam.create_access_key(UserName=name)["AccessKey"]
    return access["AccessKeyId"], access["SecretAccessKey"]


client("s3").create_bucket(Bucket="logs")
admin = client("s3", *user("admin", EVERYTHING))
access = user("logseal", RIGHTS)
# From now on every request is checked.
requests.post(f"{endpoint}/moto-api/reset-auth", data=b"0", timeout=10).raise_for_status()
print(port, *access, flush=True)

for line in sys.stdin:
    uploads = admin.list_multipart_uploads(Bucket="logs", Prefix=line.strip())
    print(len(uploads.get("Uploads", [])), flush=True)

"""An S3-compatible server on loopback that checks signatures and rights, until the end of its input.

Prints its port, then the key and the secret of a user who has the rights that docs/OPERATIONS.md lists, in the bucket "logs". Then each
line of input is a prefix, and is answered by the number of uploads in parts that are under way below it. With three arguments, files of a
certificate, its key, and its authority, it speaks HTTPS.
"""

import json
import logging
import ssl
import sys
import threading
from urllib.parse import parse_qsl, quote, urlencode

import boto3
import requests
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

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

moto = DomainDispatcherApplication(create_backend_app)


def app(environ, start_response):
    """moto, which knows signatures in headers only: one in the address is checked here, and answered as if it had been in headers."""
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    given = query.pop("X-Amz-Signature", None)
    if given is not None:
        if given != signature(environ, query):
            start_response("403 Forbidden", [])
            return [b"SignatureDoesNotMatch"]
        query = {name: value for name, value in query.items() if not name.startswith("X-Amz-")}
        request = AWSRequest("GET", address(environ, query), headers={"host": environ["HTTP_HOST"]})
        S3SigV4Auth(Credentials(*access), "s3", "us-east-1").add_auth(request)
        for name in ["Authorization", "X-Amz-Date", "X-Amz-Content-SHA256"]:
            environ["HTTP_" + name.upper().replace("-", "_")] = request.headers[name]
        environ["QUERY_STRING"] = encoded(query)
    return moto(environ, start_response)


def signature(environ, query):
    auth = S3SigV4QueryAuth(Credentials(*access), "s3", "us-east-1")
    request = AWSRequest(environ["REQUEST_METHOD"], address(environ, query), headers={"host": environ["HTTP_HOST"]})
    request.context["timestamp"] = query["X-Amz-Date"]
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


def address(environ, query):
    return f"{endpoint}{environ['PATH_INFO']}?{encoded(query)}"


def encoded(query):
    return urlencode(sorted(query.items()), quote_via=quote, safe="-_.~")


logging.getLogger("werkzeug").setLevel(logging.ERROR)
scheme, context, authority = "http", None, None
if len(sys.argv) > 1:
    certificate, key, authority = sys.argv[1:]
    scheme, context = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
server = make_server("127.0.0.1", 0, app, True, request_handler=MotoRequestHandler, ssl_context=context)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = server.server_address[1]
endpoint = f"{scheme}://127.0.0.1:{port}"


def client(service, key="any", secret="any"):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        verify=authority,
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
requests.post(f"{endpoint}/moto-api/reset-auth", data=b"0", timeout=10, verify=authority).raise_for_status()
print(port, *access, flush=True)

for line in sys.stdin:
    uploads = admin.list_multipart_uploads(Bucket="logs", Prefix=line.strip())
    print(len(uploads.get("Uploads", [])), flush=True)

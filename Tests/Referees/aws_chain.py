#!/usr/bin/env python3
"""Finds AWS credentials as botocore, Amazon's own client, does. Reads JSON lines, answers each with one JSON line:
  {"environment": {...}, "profile": "..." or null}  -> {"method", "id", "token"}, {"none": true} or {"error": "..."}
`profile` is one that a program was told to use. HOME must be that of the files: botocore looks it up once."""
import json
import os
import sys

import botocore.session
import botocore.utils

botocore.utils.ContainerMetadataFetcher.SLEEP_TIME = 0


def judge(case):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(case["environment"], AWS_MAX_ATTEMPTS="1")
    try:
        credentials = botocore.session.Session(profile=case.get("profile")).get_credentials()
        if credentials is None:
            return {"none": True}
        frozen = credentials.get_frozen_credentials()
        return {"method": credentials.method, "id": frozen.access_key, "token": frozen.token or ""}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


for line in sys.stdin:
    print(json.dumps(judge(json.loads(line))), flush=True)

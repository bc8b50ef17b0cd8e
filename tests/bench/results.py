"""results: the files that bench and growth leave, and page reads."""
import json
import time

import machine


def rounded(value):
    """Six digits are more than what is measured."""
    if isinstance(value, float):
        return float("%.6g" % value)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(one) for one in value]
    return value


def write(path, kind, version, runs, load, **more):
    """load: the machine's before and after."""
    common = {"kind": kind, "date": time.strftime("%Y-%m-%d", time.gmtime()), "version": version, "runs": runs,
              "load": load, "machine": machine.describe(".")}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rounded(common | more), file, indent=1)
        file.write("\n")


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)

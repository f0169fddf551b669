"""Model versions: counted, named, kept, and proof against alteration."""

from __future__ import annotations

import dataclasses
import math
import os
import subprocess
import threading
from collections.abc import Callable

import pytest

from aops_indb.engines import Engine, Session
from aops_indb.errors import AopsError, ArtifactError, ModelError, QueryError, UnknownNameError
from aops_indb.registry import (
    Actor,
    MetricRecord,
    ModelVersionRecord,
    NewArtifact,
    NewModelVersion,
    aliases,
    artifact,
    artifacts,
    deployed_views,
    events,
    figures,
    finish_run,
    model_version,
    model_versions,
    params,
    prepare,
    record_deployment,
    record_metrics,
    register_version,
    resolve_version,
    set_alias,
    start_run,
    verify_audit,
)

ANNA = Actor("anna", "AOPS_ACTOR")
NAMES = ["plain", "select", "two words", 'a "quoted" one', "o'hare", "größe", "航班", "%s", "$1", "null"]
SKOPS = NewArtifact("skops", "application/vnd.skops", bytes(range(256)) * 3, note="the estimator; größer")
ONNX = NewArtifact("onnx", "application/onnx", b"")

REGISTER_MANY = """
from test_models import ANNA, new
from aops_indb.engines import engine_for
from aops_indb.registry import prepare, register_version
for _ in range(5):
    with engine_for("duckdb:///warehouse.duckdb", wait=600).session() as session:
        prepare(session)
        print(register_version(session, new(), actor=ANNA))
"""


def new(model: str = "flight_delay", run: str = "r1", **changes: object) -> NewModelVersion:
    version = NewModelVersion(
        model=model,
        estimator="hist_gradient_boosting",
        executor="sql",
        batch_executor="sql",
        description="Will it be late?",
        service="delay_features",
        run_id=run,
        dataset_name="datasets.flights__0123abcd",
        dataset_digest="0123abcd",
        feature_view_versions={"carrier_delay": "f1", "route delay": "f2"},
        inputs=("dep_delay", "two words", "größe"),
        outputs=("label", "probability_0", "probability_1"),
        library_versions={"scikit-learn": "1.9.1"},
        git_commit=None,
        params={},
        metrics=(),
        artifacts=(SKOPS, ONNX),
    )
    return dataclasses.replace(version, **changes)  # type: ignore[arg-type]


def register(session: Session, count: int = 1, model: str = "flight_delay") -> None:
    for _ in range(count):
        register_version(session, new(model), actor=ANNA)


# ── versions ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("model", NAMES)
def test_what_was_registered_is_read_again(engine: Engine, model: str) -> None:
    with engine.session() as session:
        prepare(session)
        run = start_run(session, kind="train", model=model, git_commit="abc", actor=ANNA)
        assert register_version(session, new(model, run, git_commit="abc"), actor=ANNA) == 1
        finish_run(session, run, status="succeeded")
    with engine.session(read_only=True) as session:
        given = new(model, run, git_commit="abc")
        fields = [field.name for field in dataclasses.fields(ModelVersionRecord) if field.name != "version"]
        read = model_version(session, model, 1)
        assert {f: getattr(read, f) for f in fields} == {f: getattr(given, f) for f in fields}
        assert artifact(session, model, 1, "skops") == SKOPS.content
        assert artifact(session, model, 1, "onnx") == b""
        assert [row[:2] for row in artifacts(session, model, 1).rows] == [("onnx", 0), ("skops", 768)]
        assert resolve_version(session, f"{model}:1") == read
        assert verify_audit(session) is None
        runs = session.native.execute(
            "SELECT kind, model, status, git_commit, finished_at >= started_at FROM aops.runs"
        )
        assert runs.fetchall() == [("train", model, "succeeded", "abc", True)]


def test_versions_count_up_per_model(session: Session) -> None:
    register(session, 3)
    register(session, 2, "other")
    register(session, 1)
    assert model_versions(session, "flight_delay") == [1, 2, 3, 4]
    assert model_versions(session, "other") == [1, 2]
    assert model_versions(session, "nowhere") == []


def test_two_processes_and_four_threads_register_at_once(
    engine: Engine, spawn: Callable[[str], subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    numbers: list[int] = []

    def write() -> None:
        for _ in range(5):
            with engine.session() as session:
                prepare(session)
                numbers.append(register_version(session, new(), actor=ANNA))

    processes = [spawn(REGISTER_MANY) for _ in range(2)]
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in processes:
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        numbers.extend(map(int, output.split()))
    assert sorted(numbers) == list(range(1, 31))
    with engine.session() as session:
        assert verify_audit(session) is None


def test_a_registration_is_whole_or_not_at_all(session: Session) -> None:
    twice = new(artifacts=(SKOPS, SKOPS), params={"a": "1"}, metrics=(MetricRecord("auc", 0.7, "test"),))
    with pytest.raises(QueryError, match="constraint"):
        register_version(session, twice, actor=ANNA)
    tables = ("registered_models", "model_versions", "artifacts", "params", "metrics")
    assert [session.native.execute(f"SELECT count(*) FROM aops.{t}").fetchall() for t in tables] == [[(0,)]] * 5
    register(session)
    assert model_versions(session, "flight_delay") == [1]


DIGESTS: list[tuple[NewModelVersion, bool]] = [
    # another version -> whether a decision about the one holds for the other
    (new(), True),
    (new(artifacts=(ONNX, SKOPS)), True),
    (new(description="other words", metrics=(MetricRecord("auc", 0.7, "test"),)), True),
    (new(artifacts=(SKOPS,)), False),
    (new(artifacts=(dataclasses.replace(SKOPS, content=b"other"), ONNX)), False),
    (new(inputs=("two words", "dep_delay", "größe")), False),
    (new(outputs=("label",)), False),
]


@pytest.mark.parametrize(("other", "same"), DIGESTS)
def test_the_digest_stands_for_what_it_computes(session: Session, other: NewModelVersion, same: bool) -> None:
    register(session)
    register_version(session, other, actor=ANNA)
    digests = session.native.execute("SELECT DISTINCT digest FROM aops.model_versions").fetchall()
    assert len(digests) == (1 if same else 2)


# ── references ─────────────────────────────────────────────────────────────────────────────────────────

REFERENCES: list[tuple[int, dict[str, int], str, int]] = [
    # versions, aliases, reference -> version
    (3, {"champion": 2}, "flight_delay", 2),
    (3, {"champion": 2}, "models:/flight_delay", 2),
    (1, {}, "flight_delay", 1),
    (3, {}, "flight_delay:3", 3),
    (3, {}, "models:/flight_delay/3", 3),
    (3, {"champion": 2, "challenger": 3}, "flight_delay@challenger", 3),
    (3, {"champion": 2, "challenger": 3}, "models:/flight_delay@challenger", 3),
]


def with_versions(session: Session, count: int, named: dict[str, int]) -> None:
    register(session, count)
    for alias, version in named.items():
        set_alias(session, "flight_delay", alias, version, actor=ANNA)


@pytest.mark.parametrize(("count", "named", "reference", "version"), REFERENCES)
def test_references(session: Session, count: int, named: dict[str, int], reference: str, version: int) -> None:
    with_versions(session, count, named)
    assert resolve_version(session, reference).version == version


NO_REFERENCES: list[tuple[int, dict[str, int], str, type[AopsError], str]] = [
    (3, {}, "flight_delay", ModelError, "has versions 1, 2, 3 and no champion: name one, e.g. flight_delay:3"),
    (3, {"challenger": 1}, "flight_delay", ModelError, "no champion"),
    (0, {}, "flight_delay", UnknownNameError, "no registered model is defined yet"),
    (1, {}, "flight_dely", UnknownNameError, "did you mean 'flight_delay'"),
    (1, {}, "models:/flight_dely/1", UnknownNameError, "did you mean 'flight_delay'"),
    (2, {}, "flight_delay:3", UnknownNameError, "did you mean 'flight_delay:"),
    (2, {}, "flight_delay:0", UnknownNameError, "did you mean 'flight_delay:"),
    (2, {}, "flight_delay:two", UnknownNameError, "'flight_delay:2'"),
    (2, {}, "flight_delay:-1", UnknownNameError, "'flight_delay:2'"),
    (2, {}, "flight_delay:", ModelError, "no champion"),
    (2, {"champion": 1}, "flight_delay@chmpion", UnknownNameError, "did you mean 'champion'"),
    (2, {}, "flight_delay@champion", UnknownNameError, "alias of model 'flight_delay'"),
    (2, {}, "", UnknownNameError, "'flight_delay'"),
    (2, {}, "@", UnknownNameError, "'flight_delay'"),
]


@pytest.mark.parametrize(("count", "named", "reference", "error", "says"), NO_REFERENCES)
def test_what_names_no_version(
    session: Session, count: int, named: dict[str, int], reference: str, error: type[AopsError], says: str
) -> None:
    with_versions(session, count, named)
    with pytest.raises(error, match=says):
        resolve_version(session, reference)


# ── aliases and deployments ────────────────────────────────────────────────────────────────────────────


def test_an_alias_moves(engine: Engine) -> None:
    for version, expected in ((1, {"champion": 1}), (2, {"champion": 2}), (2, {"champion": 2}), (1, {"champion": 1})):
        with engine.session() as session:
            prepare(session)
            register(session)
            set_alias(session, "flight_delay", "champion", version, actor=ANNA)
            assert aliases(session, "flight_delay") == expected
            assert aliases(session, "other") == {}


@pytest.mark.parametrize("alias", ["", "1", "a b", "a@b", "a:b", "ü", "a" * 52, "-a", "a\n"])
def test_what_cannot_be_an_alias(session: Session, alias: str) -> None:
    register(session)
    with pytest.raises(ModelError, match="cannot be an alias"):
        set_alias(session, "flight_delay", alias, 1, actor=ANNA)


def test_an_alias_names_a_version_there_is(session: Session) -> None:
    register(session)
    with pytest.raises(UnknownNameError, match="did you mean 'flight_delay:1'"):
        set_alias(session, "flight_delay", "champion", 2, actor=ANNA)
    assert aliases(session, "flight_delay") == {}


def test_deployments_are_kept_in_order(session: Session) -> None:
    register(session, 2)
    for version, replaced in ((1, None), (2, 1), (1, 2)):
        record_deployment(
            session,
            "flight_delay",
            version,
            alias="champion",
            view="scores.flight_delay",
            sql=f"SELECT {version}",
            made_as={f"flight_delay__v{version}": f"v{version}", "flight_delay": f"as v{version}"},
            parameter_digests={f"flight_delay__v{version}__bins": f"bins {version}"},
            replaced_version=replaced,
            actor=ANNA,
        )
    kept = session.native.execute(
        "SELECT deployment_id, version, replaced_version, view_sql, deployed_by FROM aops.deployments ORDER BY 1"
    )
    assert kept.fetchall() == [
        (1, 1, None, "SELECT 1", "anna"),
        (2, 2, 1, "SELECT 2", "anna"),
        (3, 1, 2, "SELECT 1", "anna"),
    ]
    views = {"flight_delay__v1": "v1", "flight_delay__v2": "v2", "flight_delay": "as v1"}
    assert (deployed_views(session, "flight_delay"), deployed_views(session, "other")) == (views, {})
    told = events(session, "flight_delay").as_dicts()
    assert [(row["action"], row["version"]) for row in told] == [
        ("promote", 1),
        ("promote", 2),
        ("promote", 1),
        ("register", 2),
        ("register", 1),
    ]


# ── artefacts and figures ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE aops.artifacts SET content = content || '\\x00'::BLOB WHERE kind = 'skops'",
        "UPDATE aops.artifacts SET content = ''::BLOB WHERE kind = 'skops'",
        "UPDATE aops.artifacts SET digest = repeat('0', 64) WHERE kind = 'skops'",
    ],
)
def test_an_artefact_that_was_altered_is_not_handed_out(session: Session, statement: str) -> None:
    register(session)
    session.run_script(statement)
    with pytest.raises(ArtifactError, match="is not what was registered: do not use it"):
        artifact(session, "flight_delay", 1, "skops")
    assert artifact(session, "flight_delay", 1, "onnx") == b""


@pytest.mark.parametrize(
    ("version", "kind", "says"),
    [(1, "pickle", "has no pickle artefact; kept are: onnx, skops"), (2, "skops", "kept are: none")],
)
def test_an_artefact_that_is_not_there(session: Session, version: int, kind: str, says: str) -> None:
    register(session)
    with pytest.raises(ArtifactError, match=says):
        artifact(session, "flight_delay", version, kind)


def test_a_large_artefact(session: Session) -> None:
    large = NewArtifact("skops", "application/vnd.skops", bytes(range(256)) * 2**14)
    register_version(session, new(artifacts=(large,)), actor=ANNA)
    assert artifact(session, "flight_delay", 1, "skops") == large.content


def test_figures_and_parameters_of_a_run(session: Session) -> None:
    metrics = [
        MetricRecord("auc", 0.7, "train"),
        MetricRecord("auc", 1 / 3, "test", "origin=JFK"),
        MetricRecord("tiny", 5e-324, "test"),
        MetricRecord("gap", math.inf, "test"),
    ]
    register_version(session, new(params={"max_iter": "100", "o'hare": "'x'"}, metrics=metrics), actor=ANNA)
    record_metrics(session, "r1", [MetricRecord("auc", 0.7, "train")])
    record_metrics(session, "r2", [MetricRecord("auc", 0.1, "test")])
    record_metrics(session, "r2", [])
    told = [(split, name, value) for split, name, value in figures(session, "r1").rows]
    assert told == [(m.split, m.name, m.value) for m in [*metrics, metrics[0]]]
    assert params(session, "r1").rows == (("max_iter", "100"), ("o'hare", "'x'"))
    segments = session.native.execute("SELECT segment FROM aops.metrics WHERE run_id = 'r1' ORDER BY position")
    assert [segment for (segment,) in segments.fetchall()] == ["", "origin=JFK", "", "", ""]

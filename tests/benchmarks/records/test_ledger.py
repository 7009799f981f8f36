import multiprocessing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_resnet.benchmarks.records import ledger
from keras_resnet.benchmarks.records.schema import BenchmarkRecord, Device, Model

RECORD = BenchmarkRecord(Model("m.tflite"), Device("processor", "host"), "runtime")


def append_many(path, count):
    for _ in range(count):
        ledger.append(path, [RECORD])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "bench.jsonl"


def test_records_are_appended(path, make_record):
    records = [make_record(seed=seed) for seed in range(3)]
    ledger.append(path, records[:2])
    before = path.read_bytes()
    ledger.append(path, records[2:])
    assert path.read_bytes().startswith(before)
    assert ledger.read(path) == ledger.Contents(tuple(records))
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


def test_a_torn_last_line_is_told_and_passed_over(path):
    ledger.append(path, [RECORD, RECORD])
    path.write_bytes(path.read_bytes()[:-40])
    contents = ledger.read(path)
    assert contents.records == (RECORD,)
    (fault,) = contents.faults
    assert fault.startswith("Line 2 of ")
    assert "may have been cut short" in fault
    # The next record must not be lost with the torn one.
    ledger.append(path, [RECORD])
    contents = ledger.read(path)
    assert contents.records == (RECORD, RECORD)
    assert len(contents.faults) == 1


def test_a_ledger_whose_very_first_line_was_torn(path):
    ledger.append(path, [RECORD])
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match="holds no benchmark record"):
        ledger.read(path)
    contents = ledger.read(path, may_be_empty=True)
    assert contents.records == ()
    assert len(contents.faults) == 1


def test_whether_it_can_be_written_is_found_out_without_a_trace(path):
    ledger.check_appendable(path)
    assert not path.exists()
    ledger.append(path, [RECORD])
    before = path.read_bytes()
    ledger.check_appendable(path)
    assert path.read_bytes() == before
    with pytest.raises(OSError, match=r"Cannot write the ledger '.*': .*\.$"):
        ledger.check_appendable(path.parent)
    with pytest.raises(OSError, match="Cannot write the ledger"):
        ledger.check_appendable(path / "below")


def test_a_line_cut_right_before_its_end_still_counts(path):
    ledger.append(path, [RECORD])
    path.write_bytes(path.read_bytes()[:-1])
    ledger.append(path, [RECORD])
    assert ledger.read(path) == ledger.Contents((RECORD, RECORD))


def test_several_processes_write_whole_lines(path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=append_many, args=(path, 20)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert ledger.read(path) == ledger.Contents((RECORD,) * 60)


def test_a_document_is_read_as_a_ledger_is(tmp_path, make_record):
    records = (make_record(seed=1), make_record(seed=2))
    ledger.write(tmp_path / "a.json", records)
    assert ledger.read(tmp_path / "a.json") == ledger.Contents(records)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.binary(max_size=60)
        | st.sampled_from([b"{}", b"[" * 5000, b'{"schema":', b"null", b"1e999"])
        | st.just(None),
        max_size=5,
    ),
    st.integers(0, 200),
)
def test_any_content_is_read_or_refused_in_a_sentence(tmp_path, lines, cut):
    path = tmp_path / "bench.jsonl"
    path.unlink(missing_ok=True)
    ledger.append(path, [RECORD])
    good = path.read_bytes()
    content = b"".join(good if line is None else line + b"\n" for line in lines)
    path.write_bytes(content[: len(content) - cut])
    whole = content[: len(content) - cut].split(b"\n").count(good.strip())
    said = ""
    try:
        contents = ledger.read(path)
    except ValueError as error:
        contents, said = ledger.Contents(()), str(error)
    # What stood before is never lost through what is damaged.
    assert contents.records == (RECORD,) * whole
    assert all(len(text.splitlines()) <= 1 for text in (said, *contents.faults))


def test_what_is_no_ledger(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        ledger.read(tmp_path / "absent")
    with pytest.raises(ValueError, match="not a folder"):
        ledger.read(tmp_path)
    (tmp_path / "text").write_text("a\nb\n")
    with pytest.raises(ValueError, match="holds no benchmark record. Line 1 of"):
        ledger.read(tmp_path / "text")
    with pytest.raises(OSError, match="Cannot write the ledger"):
        ledger.append(tmp_path / "text" / "below", [RECORD])
    with pytest.raises(OSError, match="Cannot write the ledger"):
        ledger.append(tmp_path, [RECORD])

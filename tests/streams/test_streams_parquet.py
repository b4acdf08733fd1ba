"""Parquet files by row groups, against the same table in memory."""

import numpy as np
import polars as pl
import pytest

import plaingrad as pg
from helpers_streams import assert_same, fit, in_memory, network, readers
from plaingrad.columns import Preparation
from plaingrad.errors import DataError, FileError, MissingExtraError, SettingError


@pytest.fixture(autouse=True)
def _no_reader_is_left():
    yield
    assert not readers()


def table(rows=600, seed=0):
    """Return a table with columns of every kind, gaps in some."""
    rng = np.random.default_rng(seed)
    part = [("north", "south", "old town", None)[i] for i in rng.integers(0, 4, rows)]
    size = rng.uniform(20, 120, rows)
    rent = 300 + 9 * size + 200 * np.array([one == "north" for one in part])
    day = np.datetime64("2022-01-01") + rng.integers(0, 700, rows)
    return pl.DataFrame(
        {
            "id": np.arange(rows) + 5,
            "part": part,
            "size": np.where(rng.random(rows) < 0.1, np.nan, size),
            "balcony": rng.random(rows) < 0.5,
            "let": day.astype("datetime64[D]"),
            "always": 1.0,
            "grade": np.array(["good", "bad", "ugly"])[rng.integers(0, 3, rows)],
            "rent": np.where(rng.random(rows) < 0.1, np.nan, rent),
        }
    ).with_columns(pl.col("rent").fill_nan(None), pl.col("size").fill_nan(None))


def write(folder, rows, name="all.parquet", group=90):
    rows.write_parquet(folder / name, row_group_size=group)
    return folder / name


@pytest.mark.parametrize("target", ["rent", "grade"])
def test_it_is_the_training_on_the_table_in_memory(target, tmp_path):
    rows = table()
    path = write(tmp_path, rows)
    stream = pg.data.stream(path, target=target, memory="200 KB", mixed=3)
    outputs = 3 if target == "grade" else 1
    net = fit(stream, outputs=outputs)
    assert net.program().loop.blocks.count == 7
    known = rows.filter(pl.col(target).is_not_null())
    assert stream.rows == len(known)
    preparation = stream.preparation
    X, y = preparation(pg.data.table(known, target, {"always": "number"}))
    same = in_memory(net, X, y, outputs=outputs)
    assert_same(net, same)
    assert net.evaluate(stream) == pytest.approx(same.evaluate(X, y), rel=1e-5)
    # and it takes raw rows, as any network for tables
    net.save(tmp_path / "net.safetensors")
    model = pg.TableModel.load(tmp_path / "net.safetensors")
    found = preparation.target.decode(
        same.predict(preparation.samples(preparation.read(rows)))
    )
    np.testing.assert_array_equal(model.predict(rows), found)


def test_what_is_learnt_of_columns_is_that_of_the_table_when_all_rows_are_seen(
    tmp_path,
):
    rows = table().filter(pl.col("rent").is_not_null())
    rows = rows.with_columns(id=pl.Series(np.arange(len(rows)) + 5))
    stream = pg.data.stream(write(tmp_path, rows), target="rent", memory="64 MB")
    expected = Preparation.fit(pg.data.table(rows, "rent"))
    assert stream.preparation.features == expected.features
    assert stream.preparation == expected
    told = str(stream)
    assert f"{len(rows)} rows" in told
    assert "id       ignore             counts the rows" in told
    assert "always 1" in told


def test_numbers_of_rows_are_seen_in_a_sample_too(tmp_path):
    rows = table(4000)
    path = write(tmp_path, rows, group=100)
    stream = pg.data.stream(path, target="rent", memory="400 KB")
    assert "Found in" in str(stream)
    assert "id" not in [one.name for one in stream.preparation.inputs]
    kept = pg.data.stream(path, target="rent", memory="2 MB", kinds={"id": "number"})
    assert "id" in [one.name for one in kept.preparation.inputs]


def test_a_folder_is_one_table(tmp_path):
    rows = table()
    (tmp_path / "parts").mkdir()
    for number in range(3):
        part = rows[number * 200 : (number + 1) * 200]
        write(tmp_path / "parts", part, f"{number}.parquet", 70)
    parts = pg.data.stream(tmp_path / "parts", target="grade", memory="1 MB")
    assert parts.rows == 600
    assert parts.starts == (0, 70, 140, 200, 270, 340, 400, 470, 540)
    whole = pg.data.stream(
        write(tmp_path, rows), target="grade", preparation=parts.preparation
    )
    path = write(tmp_path, rows.drop("part"), "less.parquet")
    with pytest.raises(SettingError, match="unknown column 'part'"):
        pg.data.stream(path, preparation=parts.preparation)
    one, other = (
        fit(stream, shuffle=False, net=network()) for stream in (parts, whole)
    )
    assert_same(one, other)


def test_the_script_reads_where_blocks_begin(tmp_path, monkeypatch):
    stream = pg.data.stream(write(tmp_path, table()), target="grade", memory="400 KB")
    net = fit(stream, engine="reference")
    chunks = [*stream.follow(0, 50)]
    np.save(tmp_path / "X.npy", np.concatenate([chunk.X for chunk in chunks]))
    np.save(tmp_path / "y.npy", np.concatenate([chunk.y for chunk in chunks]))
    blocks = net.program().loop.blocks
    assert blocks.size is None
    np.save(tmp_path / "edges.npy", [*blocks.starts, blocks.rows])
    monkeypatch.chdir(tmp_path)
    space = {"print": lambda *_: None}
    exec(compile(net.longhand(), "script", "exec"), space)
    for name, value in net.params.items():
        np.testing.assert_array_equal(space[name], value)


def test_classes_are_those_of_the_whole_file(tmp_path):
    grade = ["a"] * 500 + ["b"] * 500 + ["a"] * 20 + ["rare"] * 3
    rows = pl.DataFrame({"x": np.arange(1023.0) % 7, "grade": grade})
    path = write(tmp_path, rows, group=100)
    stream = pg.data.stream(path, target="grade", memory="60 KB")
    assert stream.preparation.target.classes == ("a", "b", "rare")
    assert stream.preparation.target.outputs == 3


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(600) % 9, "ClassTarget"),
        (np.arange(600) % 11, "NumberTarget"),
        (np.arange(600) % 3 + 0.5, "NumberTarget"),
        (np.arange(600) % 2 == 0, "ClassTarget"),
    ],
)
def test_the_kind_of_a_target_is_found_as_in_a_table(values, kind, tmp_path):
    rows = table().with_columns(rent=pl.Series(values))
    stream = pg.data.stream(write(tmp_path, rows), target="rent")
    assert type(stream.preparation.target).__name__ == kind
    made = Preparation.fit(pg.data.table(rows, "rent"))
    assert type(made.target).__name__ == kind


# What goes wrong.


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({}, SettingError, "say which column of .* to predict: target=NAME. It has id"),
        ({"target": "rnt"}, SettingError, "Did you mean 'rent'"),
        ({"target": "rent", "kinds": {"prt": "number"}}, SettingError, "'part'"),
        ({"target": "rent", "kinds": {"part": "word"}}, SettingError, "kind of column"),
        ({"target": "rent", "kinds": {"rent": "date"}}, SettingError, "a number or a"),
        ({"target": "always"}, DataError, "there is nothing to learn"),
        (
            {"target": "rent", "block": 5},
            SettingError,
            "block does not belong to a Par",
        ),
        (
            {"target": "rent", "memory": 9000},
            SettingError,
            "the row groups of the file",
        ),
    ],
)
def test_what_cannot_be_is_said_before_any_work(given, error, words, tmp_path):
    with pytest.raises(error, match=words):
        fit(pg.data.stream(write(tmp_path, table()), **given), outputs=1)


def test_files_that_are_none(tmp_path):
    with pytest.raises(FileError, match="there is no file"):
        pg.data.stream(tmp_path / "none.parquet", target="x")
    with pytest.raises(FileError, match=r"there is no .parquet file in"):
        pg.data.stream(tmp_path, target="x")
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(FileError, match=r"pg.data.table"):
        pg.data.stream(tmp_path / "a.csv", target="x")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(FileError, match="cannot be read as Parquet"):
        pg.data.stream(tmp_path / "a.parquet", target="x")
    write(tmp_path, table(0), "a.parquet")
    with pytest.raises(DataError, match="there are no rows in"):
        pg.data.stream(tmp_path / "a.parquet", target="x")
    write(tmp_path, table(), "a.parquet")
    write(tmp_path, table().drop("part"), "b.parquet")
    with pytest.raises(DataError, match=r"other columns than .*: part are in one"):
        pg.data.stream(tmp_path, target="rent")


def test_damage_and_changes_on_the_way(tmp_path):
    path = write(tmp_path, table())
    stream = pg.data.stream(path, target="rent", memory="400 KB")
    write(tmp_path, table(seed=1))
    net = network(1)
    with pytest.raises(FileError, match="was changed after it was opened"):
        fit(stream, net=net)
    assert net.history.stopped == "error"
    content = bytearray(path.read_bytes())
    content[2000:9000] = bytes(7000)
    path.write_bytes(content)
    with pytest.raises(FileError, match="cannot be read as Parquet"):
        fit(pg.data.stream(path, target="rent"), outputs=1)


def test_cells_of_the_wrong_kind_are_named_with_their_file(tmp_path):
    size = np.arange(4000.0)
    size[3777] = 1e35
    rows = pl.DataFrame({"size": size, "rent": size % 50 + 0.5})
    path = write(tmp_path, rows, group=500)
    stream = pg.data.stream(path, target="rent", memory="400 KB")
    with pytest.raises(
        DataError, match=r"holds 1e\+35 in row .* of those with a target"
    ):
        fit(stream, outputs=1)


def test_a_missing_library_is_said(monkeypatch, tmp_path):
    path = write(tmp_path, table())
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r'pip install "plaingrad\[stream\]"'):
        pg.data.stream(path, target="rent")


def test_what_was_learnt_of_other_rows_is_refused(tmp_path):
    path = write(tmp_path, table())
    other = write(tmp_path, table(seed=1).with_columns(pl.col("size") * 9), "b.parquet")
    stream = pg.data.stream(path, target="rent")
    own = pg.data.stream(other, target="rent")
    assert own.preparation.features == stream.preparation.features
    net = fit(stream, outputs=1)
    for use in (net.score, net.evaluate, net.predict):
        with pytest.raises(DataError, match="become other numbers than in training"):
            use(own)
    for wrong in ({"validation": own}, {"warm_start": True}):
        data = own if "warm_start" in wrong else stream
        with pytest.raises(DataError, match="become other numbers than in training"):
            fit(data, net=net, **wrong)
    given = pg.data.stream(other, preparation=net.preparation)
    X, y = net.preparation(pg.data.table(other, "rent", {"always": "number"}))
    assert net.score(given) == pytest.approx(net.score(X, y))
    np.testing.assert_array_equal(net.predict(given), net.predict(X))


def test_rows_of_one_class_can_be_measured_on(tmp_path):
    stream = pg.data.stream(write(tmp_path, table()), target="grade", memory="1 MB")
    net = fit(stream)
    good = write(tmp_path, table().filter(pl.col("grade") == "good"), "good.parquet")
    given = pg.data.stream(good, preparation=stream.preparation)
    assert net.score(given) == np.mean(net.predict(given) == 1)
    told = str(given)
    assert "part     category" in told
    assert "always   ignore" in told
    with pytest.raises(SettingError, match="predicts the column 'grade', and target"):
        pg.data.stream(good, target="rent", preparation=stream.preparation)
    with pytest.raises(SettingError, match="says what the columns are"):
        pg.data.stream(good, kinds={"id": "number"}, preparation=stream.preparation)


def test_of_small_row_groups_more_are_looked_at(tmp_path):
    part = np.repeat(["north", "south", "east", "hut"], [100, 100, 99, 1])
    rows = pl.DataFrame({"part": part, "rent": np.arange(300.0) * 7 % 300})
    rows = rows.sort("rent")
    stream = pg.data.stream(write(tmp_path, rows, group=1), target="rent")
    assert stream.preparation.features == [
        f"part = {name}" for name in ("east", "hut", "north", "south")
    ]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"rent": [[1], [2]] * 9, "size": [1, 2] * 9}, "only numbers and classes can"),
        ({"rent": np.arange(18).astype("M8[D]"), "size": [1, 2] * 9}, "holds Date"),
        ({"rent": [1.5, 2.5] * 9}, "no column is left to predict 'rent' from. Give"),
        (
            {"rent": [1.5, 2.5] * 9, "size": [3] * 18},
            r"from: size: always 3\. Give kinds to .* used\.$",
        ),
        ({"rent": [None] * 18, "size": [3] * 18}, "no row of .* has a value of 'rent'"),
        ({"rent": ["a"] * 18, "size": [3] * 18}, "'rent' is always a: there is noth"),
    ],
)
def test_tables_that_cannot_be_learnt(columns, words, tmp_path):
    with pytest.raises(DataError, match=words):
        pg.data.stream(write(tmp_path, pl.DataFrame(columns)), target="rent")


def test_files_of_unlike_types(tmp_path):
    for name, size in (("a", [1] * 20), ("b", [[1]] * 20)):
        rows = pl.DataFrame({"size": size, "rent": np.arange(20.0)})
        write(tmp_path, rows, f"{name}.parquet")
    with pytest.raises(DataError, match="not of the same type in all files"):
        pg.data.stream(tmp_path, target="rent")


def test_rows_of_the_sample_have_the_numbers_of_the_stream(tmp_path):
    rows = pl.DataFrame({"x": np.arange(900.0) % 7, "y": np.arange(900) // 300})
    path = write(tmp_path, rows.with_columns(y=pl.col("y").replace(0, None)), group=50)
    stream = pg.data.stream(path, target="y", kinds={"y": "category"})
    assert stream.rows == 600
    np.testing.assert_array_equal(stream.sample.y, np.array(stream.sampled) // 300)
    small = pg.data.stream(path, target="y", memory="30 KB")
    np.testing.assert_array_equal(small.sample.y, np.array(small.sampled) // 300)
    assert max(small.sampled) > len(small.sampled)
    write(tmp_path, rows.with_columns(pl.col("x").replace(5.0, 1e35)), group=50)
    with pytest.raises(DataError, match=r"among the \d+ that were looked at, not in"):
        pg.data.stream(path, target="y", memory="30 KB")


def test_a_long_run_of_rows_without_a_target_is_left_out(tmp_path):
    y = np.where(np.arange(600) // 40 % 3 == 1, None, np.arange(600) % 50 + 0.5)
    rows = pl.DataFrame({"x": np.arange(600.0) % 7, "y": y.astype(float)})
    path = write(tmp_path, rows.with_columns(pl.col("y").fill_nan(None)), group=200)
    stream = pg.data.stream(path, target="y", memory="64 KB")
    assert stream.rows == 400
    chunks = [*stream.read(0, 400, 10)]
    assert all(len(chunk.X) for chunk in chunks)
    expected = y[y != None].astype(float)  # noqa: E711
    found = np.concatenate([stream.preparation.target.decode(c.y) for c in chunks])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert fit(stream, outputs=1).history.epochs == 3


def test_a_wrong_cell_is_counted_from_where_reading_began(tmp_path):
    rows = pl.DataFrame({"x": np.arange(400.0) % 7, "y": np.arange(400.0) % 50 + 0.5})
    path = write(tmp_path, rows, group=200)
    stream = pg.data.stream(path, target="y", memory="64 KB")
    made = stream.preparation
    write(
        tmp_path,
        rows.with_columns(
            pl.when(pl.int_range(pl.len()) == 350).then(1e35).otherwise("x").alias("x")
        ),
        group=200,
    )
    stream = pg.data.stream(path, memory="9 KB", preparation=made)
    with pytest.raises(DataError, match=r"in row 11; .* row 1 is row 341 of those"):
        [*stream.read(340, 400, 1000)]

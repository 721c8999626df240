"""The normal form of notebooks, outputs carried over, and the checks of the file."""

import copy
import json

import pytest
from course.toy import code, make_project, notebook, text

from klue_helpers.course.lint import MAX_LINES, lint, literal_stars
from klue_helpers.course.notebooks import dumps, normal_form, read_notebook, source_digest, with_outputs
from klue_helpers.course.project import Lecture
from klue_helpers.errors import KlueError


def stream(words, name="stdout"):
    return {"output_type": "stream", "name": name, "text": words}


def figure():
    return {"output_type": "display_data", "metadata": {}, "data": {"image/png": "AAAA", "text/plain": "<Figure>"}}


def executed(*sources):
    """Return a notebook in normal form whose cells have run, the last with an output."""
    made = notebook(2, *(sources or ("print('가')",)))
    for number, cell in enumerate((cell for cell in made["cells"] if cell["cell_type"] == "code"), start=1):
        cell["execution_count"] = number
    made["cells"][-1]["outputs"] = [stream("가\n")]
    return normal_form(made)


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path, ("02_장난감.ipynb", notebook(2)))


def problems(project, made):
    return [str(problem) for problem in lint(made, Lecture(2, project.notebooks / "02_장난감.ipynb"), project)]


def test_normal_form_drops_what_machines_add():
    made = executed()
    noisy = copy.deepcopy(made)
    noisy["metadata"] |= {"papermill": {"duration": 3}, "widgets": {}, "language_info": {"version": "3.11.7"},
                          "kernelspec": {"name": "venv", "display_name": "내 환경"}}
    for cell in noisy["cells"]:
        cell["metadata"] |= {"papermill": {}, "execution": {}, "scrolled": True}
    noisy["cells"][1]["metadata"]["tags"] = []
    assert dumps(normal_form(noisy)) == dumps(made)


def test_normal_form_keeps_what_authors_wrote():
    made = executed()
    kept = {"tags": ["nbval-ignore-output"], "mystnb": {"image": {"alt": "그림"}}}
    made["cells"][-1]["metadata"] = dict(kept)
    assert normal_form(made)["cells"][-1]["metadata"] == kept


def test_normal_form_orders_counts_and_merges_streams():
    made = executed("1", "2")
    result = {"output_type": "execute_result", "execution_count": 9, "metadata": {}, "data": {"text/plain": "2"}}
    made["cells"][-1] |= {"execution_count": 9, "outputs": [stream("가"), stream("나"), stream("!", "stderr"),
                                                           stream("다"), result]}
    last = normal_form(made)["cells"][-1]
    assert last["execution_count"] == 5 and last["outputs"][-1]["execution_count"] == 5
    assert [output.get("text") for output in last["outputs"]] == ["가나", "!", "다", None]


def test_missing_and_repeated_ids_are_replaced_by_stable_ones():
    made = executed("1", "2", "3")
    del made["cells"][0]["id"]
    made["cells"][2]["id"] = made["cells"][3]["id"]
    made["cells"][4]["id"] = "빈칸 있음"
    first, second = normal_form(made), normal_form(made)
    ids = [cell["id"] for cell in first["cells"]]
    assert first == second and len(set(ids)) == len(ids) and ids[5] == made["cells"][5]["id"]


def test_file_form_is_stable(tmp_path):
    path = tmp_path / "가.ipynb"
    path.write_bytes(dumps(executed("print('가')\nprint('나')")))
    assert dumps(normal_form(read_notebook(path))) == path.read_bytes()
    assert path.read_bytes().endswith(b"}\n") and "가".encode() in path.read_bytes()


def test_outputs_come_over_without_papermills_cells():
    source = notebook(2, "1", "print('가')")
    done = copy.deepcopy(source)
    done["cells"].insert(3, code("# Parameters\nseed = 7", tags=["injected-parameters"]))
    for number, cell in enumerate(done["cells"][1:], start=1):
        cell["execution_count"] = number
    done["cells"][-1]["outputs"] = [stream("가\n")]
    carried = with_outputs(source, done)
    assert [cell["source"] for cell in carried["cells"]] == [cell["source"] for cell in source["cells"]]
    assert [cell.get("execution_count") for cell in carried["cells"]] == [None, 1, 2, 3, 4, 5]
    assert carried["cells"][-1]["outputs"] == [stream("가\n")]
    assert source["cells"][-1]["outputs"] == []


def test_outputs_of_other_sources_do_not_come_over():
    assert with_outputs(notebook(2, "1"), notebook(2, "2")) is None
    assert with_outputs(notebook(2, "1"), notebook(2, "1", "2")) is None


def test_source_digest_sees_sources_and_tags_only():
    made = executed()
    same, other, tagged = (copy.deepcopy(made) for _ in range(3))
    same["cells"][-1] |= {"outputs": [], "execution_count": None, "id": "x", "metadata": {"scrolled": True}}
    other["cells"][-1]["source"] += "\n"
    tagged["cells"][-1]["metadata"]["tags"] = ["nbval-ignore-output"]
    assert source_digest(made) == source_digest(same)
    assert len({source_digest(one) for one in (made, other, tagged)}) == 3


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"nbformat": 3, "worksheets": []}', "[" * 100_000])
def test_broken_files_are_told(tmp_path, content):
    path = tmp_path / "깨진.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KlueError, match=r"깨진\.ipynb"):
        read_notebook(path)


def test_a_good_notebook_has_no_problems(project):
    made = executed("\n\n".join("x = 1" for _ in range(MAX_LINES)), "print('/home 폴더')")
    made["cells"].append(text("![막대그래프](그림.png)"))
    made["cells"][-2]["outputs"] = [figure()]
    made["cells"][-2]["metadata"]["mystnb"] = {"image": {"alt": "막대그래프"}}
    assert problems(project, made) == []


def put_output(output):
    return lambda made: made["cells"][-1].update(outputs=[output])


def data(**kinds):
    named = {name.replace("_", "/"): value for name, value in kinds.items()}
    return {"output_type": "display_data", "metadata": {}, "data": named}


def change(index, **values):
    return lambda made: made["cells"][index].update(values)


ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "나쁨", "traceback": []}
WIDGET = {"output_type": "display_data", "metadata": {},
          "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}}


@pytest.mark.parametrize(("spoil", "where", "what"), [
    (change(-1, execution_count=None), "코드 셀 [4]", "실행하지 않은"),
    (change(-1, execution_count=7), "코드 셀 [4]", "실행 번호가 4이어야"),
    (change(-1, source="x = 1\n" * (MAX_LINES + 1)), "코드 셀 [4]", "16줄"),
    (change(-1, source="plt.show();\n"), "코드 셀 [4]", ";로 끝납니다"),
    (change(2, source='profile = "gpu"'), "코드 셀 [2]", "정확히"),
    (change(2, metadata={}), "", "하나여야 하는데 0개"),
    (change(3, source="cfg = kh.configure(lecture=3)"), "코드 셀 [3]", "kh.configure(lecture=2"),
    (put_output(ERROR), "코드 셀 [4]", "ValueError: 나쁨"),
    (put_output(WIDGET), "코드 셀 [4]", "위젯"),
    (put_output(figure()), "코드 셀 [4]", "대체 텍스트"),
    (put_output(stream("/home/kim/data")), "코드 셀 [4]", "절대 경로"),
    (put_output(data(text_plain="x", text_html="<b>/opt/site-packages/a.py</b>")), "코드 셀 [4]", "절대 경로"),
    (change(0, source="# 2강\n\n![](그림.png)"), "1번째 셀(글)", "대체 텍스트"),
    (lambda made: made["metadata"].update(widgets={}), "", "metadata.widgets"),
    (lambda made: made["cells"][-1].pop("outputs"), "", "nbformat"),
])
def test_each_problem_is_found_with_its_cell(project, spoil, where, what):
    made = executed()
    spoil(made)
    found = problems(project, made)
    assert len(found) == 1 and found[0].startswith(where) and what in found[0]


def test_the_projects_own_folder_counts_as_a_path(project):
    made = executed()
    put_output(stream(f"읽음: {project.root}/data.txt"))(made)
    assert "절대 경로" in problems(project, made)[0]


def test_a_long_output_without_blanks_is_searched_in_linear_time(project):
    """With a pattern that grows with the square of the length this takes half an hour, else a blink."""
    made = executed()
    put_output(stream("가" * 600_000 + "/opt/site-packages/a.py"))(made)
    found = problems(project, made)
    assert len(found) == 1 and "/opt/site-packages" in found[0] and len(found[0]) < 300


ODD = (None, 1, "x", "\ud800", [], {}, [1], {"a": 1}, ["a"])


def places(value, path=()):
    """Yield the path of every value inside, itself first."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def changed(made, path, value):
    """Return a copy with another value at the path."""
    if not path:
        return value
    made = copy.deepcopy(made)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


def shortened(made, path):
    """Return a copy without what stands at the path."""
    made = copy.deepcopy(made)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return made


def full_notebook():
    """Return a small notebook that holds every kind of cell and output."""
    result = {"output_type": "execute_result", "execution_count": 4, "metadata": {}, "data": {"text/plain": "2"}}
    made = executed("x")
    made["cells"][-1] |= {"outputs": [stream("가"), result, figure(), ERROR],
                          "metadata": {"tags": ["nbval-ignore-output"], "mystnb": {"image": {"alt": "그림"}}}}
    return made


def test_one_wrong_value_anywhere_is_told_or_does_no_harm(project, tmp_path):
    """Every value of a notebook in turn is replaced by nine odd ones, or left out."""
    path, made, told = tmp_path / "깨진.ipynb", full_notebook(), 0
    spoilt = [changed(made, place, value) for place in places(made) for value in ODD]
    spoilt += [shortened(made, place) for place in places(made) if place]
    for one in spoilt:
        path.write_text(json.dumps(one), encoding="utf-8")
        try:
            read = read_notebook(path)
        except KlueError as error:
            told += "깨진.ipynb" in str(error)
            continue
        lint(read, Lecture(2, path), project)
        dumps(normal_form(read))
        source_digest(read)
        with_outputs(read, read)
    assert 300 < told < len(spoilt)


@pytest.mark.parametrize(("source", "found"), [
    ("정답에 **‘봄비를’**이라고 답합니다.", True), ("가운데 **85%**를 찾았습니다.", True),
    ("글은**‘봄비’** 입니다.", True),
    ("**`[UNK]`**가 됩니다.", True), ("띄어 쓴 ** 봄비** 입니다.", True),
    ("‘**봄비를**’이라고, **85%를** 찾은 **‘봄비’** 입니다.", False),
    ("`a**b`와 $x**2$ 그리고\n\n```\n2**‘3\n```", False),
    ("**봄비**가 **온다**.", False),
])
def test_stars_that_stay_stars_are_found(source, found):
    assert bool(literal_stars(source)) == found

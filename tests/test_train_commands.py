"""`klue train`, `klue evaluate`, `klue predict` from the shell, alone and under torchrun (lecture 5)."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from klue_helpers import cli

QUICK = ("epochs=2", "batch_size=8", "max_length=24", "max_train=40", "max_test=30", "rounds=20")


def words(encoder, output, *extra, task="nsmc", settings=QUICK):
    options = [word for item in settings for word in ("--set", item)]
    return ["train", task, "--encoder", encoder, "--output", str(output), *options, *extra]


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def trained(tiny_encoder, tmp_path_factory):
    """The output folder of a trained pair task."""
    output = tmp_path_factory.mktemp("klue") / "학습한 것"
    assert cli.main(words(tiny_encoder, output, task="nli")) == 0
    return output


def test_train_prints_progress_counts_and_scores(tiny_encoder, tmp_path, capfd):
    assert cli.main(words(tiny_encoder, tmp_path / "나온 것", "--seeds", "2")) == 0
    out, err = capfd.readouterr()
    assert "시드 43  10/10단계" in out and "학습 36행, 조기 종료 4행, 평가 30행" in out and err == ""
    assert "accuracy" in out and "95% 구간" in out and (tmp_path / "나온 것" / "results.json").is_file()


@pytest.mark.slow
def test_folds_are_predicted_crosswise(tiny_encoder, tmp_path, capfd):
    assert cli.main(words(tiny_encoder, tmp_path / "겹", "--folds", "3", "--split", "test")) == 0
    out, _ = capfd.readouterr()
    assert "3/3겹" in out and "평가 30행, 3겹 교차 학습" in out
    assert len((tmp_path / "겹" / "predictions-42.jsonl").read_text(encoding="utf-8").splitlines()) == 30


def test_evaluate_gives_the_score_of_training_again(trained, tmp_path, capfd):
    assert cli.main(["evaluate", str(trained), "--output", str(tmp_path / "예측.jsonl")]) == 0
    out, _ = capfd.readouterr()
    assert "90행으로 쟀습니다" in out and "accuracy" in out
    predictions = (tmp_path / "예측.jsonl").read_text(encoding="utf-8").splitlines()
    kept = (trained / "predictions-42.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(predictions) == 90 and len(kept) == 30, "training reported on a choice of 30"
    own = tmp_path / "내 자료.jsonl"
    own.write_text('{"premise": "비가 온다.", "hypothesis": "땅이 젖는다.", "label": "entailment"}\n', encoding="utf-8")
    assert cli.main(["evaluate", str(trained), "--file", str(own)]) == 0
    assert "1행으로 쟀습니다" in capfd.readouterr().out


def test_evaluate_takes_the_fifth_that_was_not_trained_on(tiny_encoder, tmp_path, capfd):
    settings = [one for one in QUICK if not one.startswith("max_t")]
    assert cli.main(words(tiny_encoder, tmp_path / "sae", task="sae", settings=settings)) == 0
    capfd.readouterr()
    assert cli.main(["evaluate", str(tmp_path / "sae"), "--output", str(tmp_path / "예측.jsonl")]) == 0
    assert "40행으로 쟀습니다" in capfd.readouterr().out, "the sample has 200 rows, all of them for training"
    kept = (tmp_path / "sae" / "predictions-42.jsonl").read_text(encoding="utf-8")
    assert (tmp_path / "예측.jsonl").read_text(encoding="utf-8") == kept


def test_predict_takes_texts_or_a_file_and_gives_json_lines(trained, tmp_path, capfd):
    assert cli.main(["predict", str(trained), "비가 온다.", "땅이 젖는다. " * 30]) == 0
    out, err = capfd.readouterr()
    assert set(json.loads(out)) == {"label", "probs"} and "1행은 24토큰보다 길어서" in err
    rows = tmp_path / "물음.jsonl"
    rows.write_text('{"premise": "비가 온다.", "hypothesis": "맑다."}\n' * 3, encoding="utf-8")
    assert cli.main(["predict", str(trained), "--file", str(rows), "--output", str(tmp_path / "답.jsonl")]) == 0
    assert capfd.readouterr().out == ""
    assert len((tmp_path / "답.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_predict_reads_plain_text_a_row_a_line(tiny_encoder, tmp_path, capfd):
    assert cli.main(words(tiny_encoder, tmp_path / "모델")) == 0
    capfd.readouterr()
    (tmp_path / "글.txt").write_text("좋아요\r\n\n두 번 봤어요\n", encoding="utf-8")
    assert cli.main(["predict", str(tmp_path / "모델"), "--file", str(tmp_path / "글.txt")]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 3, "an empty line is a row as well"


@pytest.mark.parametrize(("line", "part"), [
    (["train", "mood"], "알 수 없는 과제입니다: 'mood'"),
    (["train", "nsmc", "--encoder", "{here}"], "폴더의 모델을 읽지 못했습니다"),
    (["train", "nsmc", "--source", "{here}"], "데이터를 찾지 못했습니다"),
    (["train", "nsmc", "--split", "dev"], "없는 분할입니다"),
    (["train", "nsmc", "--set", "epoch=3"], "'epochs'"),
    (["train", "nsmc", "--set", "seeds=3"], "--seeds 옵션"),
    (["train", "nsmc", "--profile", "tpu"], "cpu, gpu"),
    (["train", "nsmc", "--folds", "0"], "1 이상"),
    (["train", "nsmc", "--output", "{file}"], "파일입니다"),
    (["evaluate", "{here}"], "미세 조정한 모델이 없습니다"),
    (["evaluate", "{trained}", "--file", "{file}"], "JSON 객체가 아닙니다"),
    (["evaluate", "{trained}", "--split", "test"], "없는 분할입니다: 'test'"),
    (["predict", "{trained}"], "--file 가운데 하나"),
    (["predict", "{trained}", "--file", "{empty}"], "비어 있습니다"),
    (["predict", "{trained}", "하나뿐"], "2개(premise, hypothesis) 받는데"),
    (["predict", "{trained}", "하나", "둘", "--output", "{file}/안"], "쓰지 못했습니다"),
])
def test_mistakes_are_one_korean_line(line, part, trained, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "파일.txt").write_text("글\n", encoding="utf-8")
    (tmp_path / "빈 파일.txt").write_text("\n", encoding="utf-8")
    places = {"here": tmp_path, "file": tmp_path / "파일.txt", "empty": tmp_path / "빈 파일.txt", "trained": trained}
    status = cli.main([word.format(**places) for word in line])
    _, err = capsys.readouterr()
    assert status == 2 and err.startswith("klue: ") and part in err and err.count("\n") == 1


@pytest.mark.slow
def test_a_process_killed_outright_goes_on_to_the_same_end(tiny_encoder, tmp_path):
    """SIGKILL in the midst; the second start ends with the predictions of an unbroken run."""
    settings = ("epochs=20", "batch_size=8", "max_length=24", "max_train=40", "max_test=30", "rounds=20",
                "patience=20")
    command = [sys.executable, "-m", "klue_helpers", *words(tiny_encoder, tmp_path / "killed", settings=settings)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    deadline = time.monotonic() + 180
    while not list((tmp_path / "killed").glob("seed-42/checkpoint-*/trainer_state.json")):
        assert process.poll() is None and time.monotonic() < deadline, "the run ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "results.json").exists()
    subprocess.run(command, check=True, capture_output=True, env=environment())
    whole = [sys.executable, "-m", "klue_helpers", *words(tiny_encoder, tmp_path / "whole", settings=settings)]
    subprocess.run(whole, check=True, capture_output=True, env=environment())
    files = [tmp_path / name / "predictions-42.jsonl" for name in ("killed", "whole")]
    assert files[0].read_text(encoding="utf-8") == files[1].read_text(encoding="utf-8")


@pytest.mark.slow
def test_two_processes_of_torchrun_train_one_model(tiny_encoder, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m",
               "klue_helpers", *words(tiny_encoder, tmp_path / "two", "--seeds", "2")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("시드 42  10/10단계") == 1, "one process speaks, and both share a batch of 8"
    results = json.loads((tmp_path / "two" / "results.json").read_text(encoding="utf-8"))
    assert results["hardware"]["processes"] == 2 and len(results["scores"]["official"]["accuracy"]["seeds"]) == 2
    again = subprocess.run(command, capture_output=True, text=True, env=environment(), encoding="utf-8", timeout=300)
    assert again.returncode == 0 and "단계" not in again.stdout, "nothing is left to do"
    assert "accuracy" in again.stdout
    start = command[: command.index("klue_helpers") + 1]
    alone = [sys.executable, "-m", "klue_helpers", "evaluate", str(tmp_path / "two")]
    together = [*start, "evaluate", str(tmp_path / "two")]
    told = [subprocess.run([*words, "--output", str(tmp_path / name)], capture_output=True, text=True, encoding="utf-8",
                           env=environment(), timeout=300) for words, name in ((alone, "1"), (together, "2"))]
    assert [one.returncode for one in told] == [0, 0], told[1].stderr[-3000:]
    assert told[0].stdout == told[1].stdout, "one process speaks"
    assert (tmp_path / "1").read_text(encoding="utf-8") == (tmp_path / "2").read_text(encoding="utf-8")

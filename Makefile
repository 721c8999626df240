# README's two commands are `make book` and `make test`. Everything runs in .venv, made on first use.
# For POSIX systems; on Windows run the commands below by hand, with .venv\Scripts\python for $(PY).
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
KLUE := $(PY) -m klue_helpers
STAMP := $(VENV)/.installed
export PYTHONUTF8 = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help env book test test-fast drills colab lab lint clean
help:  ## 명령 목록을 보여 줍니다
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-12s%s\n", $$1, $$2}'

env: $(STAMP)  ## 가상 환경(.venv)을 만들고 필요한 것을 설치합니다

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
	  echo "Python 3.11에서 3.14까지 쓸 수 있습니다. 3.13을 권합니다. 예: make env PYTHON=python3.13" >&2; exit 2; }
	@$(PYTHON) -c 'import platform, sys; sys.exit((platform.system(), platform.machine()) == ("Darwin", "x86_64"))' || { \
	  echo "인텔 맥에는 PyTorch의 설치 파일이 없습니다. Colab에서 여세요." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q -c constraints.txt -e '.[all]'
	@touch $(STAMP)

book: env  ## 강의를 실행하고 검사하고 사이트를 만듭니다
	$(KLUE) book

test: env  ## 모든 테스트와 노트북 검사(nbval)를 돌립니다
	$(PY) -m pytest
	$(KLUE) check --force

test-fast: env  ## 오래 걸리는 것을 뺀 테스트만 돌립니다
	$(PY) -m pytest -m "not slow"

colab: env  ## 모든 강의를 Colab과 같은 환경에서 실행합니다(한 시간쯤)
	$(PY) tests/colab/run.py $(if $(OUTPUT),--output $(OUTPUT))

drills: env  ## 명령과 함수를 일부러 망가뜨려 봅니다(한 시간 안에 끝납니다)
	$(PY) benchmarks/drills

lint: env  ## 코드 형식을 검사합니다
	$(PY) -m ruff check .

lab: env  ## JupyterLab을 엽니다
	$(PY) -m jupyter lab --notebook-dir=notebooks

clean:  ## 만들어진 것을 지웁니다(.venv 포함)
	rm -rf $(VENV) _build .pytest_cache .ruff_cache .hypothesis klue_helpers.egg-info

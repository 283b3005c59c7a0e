# Payymo's commands. `make help` lists them; nothing here asks a question.

PYTHON ?= python3
PAYYMO_HOME := $(or $(PAYYMO_HOME),.payymo)
PAYYMO_VENV := $(or $(PAYYMO_VENV),$(PAYYMO_HOME)/venv)
export PAYYMO_HOME PAYYMO_VENV

VENV_PYTHON = "$(PAYYMO_VENV)/bin/python"
LOCAL = $(VENV_PYTHON) -m payymo.local
LOCK = env UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV_PYTHON) -m uv pip compile --quiet \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url

.PHONY: help demo stop status test check audit lint security types imports migrations openapi screenshots lock module module-lint bench bench-hosts bench-scale bench-pages bench-paint bench-transactions bench-tenants bench-first-load chaos bench-webhooks clean compiled venv-demo venv-dev venv-bench

help:
	@echo "make demo      start Payymo with two demo tenants on PAYYMO_PORT (8000); DETACH=1 returns when it is ready"
	@echo "make stop      end what make demo started"
	@echo "make status    say what runs"
	@echo "make test      run every test, or some: make test ARGS='tests/matching -x'"
	@echo "make check     lint, format, security, types, import rules, missing migrations"
	@echo "make audit     look up known holes of every locked package; needs the network"
	@echo "make bench     the benchmark tables, over the export folders BENCH, or over hosts that it invents"
	@echo "make openapi   write the API's description, and who may call what, to docs/"
	@echo "make bench-scale  how match_files grows, from 20,000 to 600,000 invented rows; ARGS='--rows 20000 40000'"
	@echo "make bench-pages  how long pages and decisions take with 100,000 open payments; ARGS='--payments 10000'"
	@echo "make bench-paint  how fast pages paint and answer in a browser on a slow device and line"
	@echo "make bench-transactions  how long the list of transactions takes with a million; ARGS='--rows 100000 --plans 50'"
	@echo "make bench-tenants  how long making and migrating 200 tenants takes; ARGS='--tenants 20 --apart 5'"
	@echo "make screenshots  make the pictures of the documents anew"
	@echo "make compiled  compile the matching core, where there is a C compiler: it runs a third faster"
	@echo "make module    the addon module for WHMCS as a zip, in dist/"
	@echo "make module-lint  compile it with PHP 8.1, 8.2 and 8.3 from npm (half a gigabyte, into PAYYMO_HOME)"
	@echo "make bench-first-load  Payymo's own time in the first reading of a WHMCS of 100,000 invoices"
	@echo "make bench-webhooks  how many signed events a second are taken and stored, and that none is lost"
	@echo "make chaos     500 postings while WHMCS lies, workers are killed and the broker forgets; about six minutes"
	@echo "make lock      compile requirements*.txt from requirements*.in"
	@echo "make clean     stop everything and remove what is kept in PAYYMO_HOME ($(PAYYMO_HOME))"

demo: venv-demo
	@$(LOCAL) demo $(if $(DETACH),--detach)

stop:
	@if test -x $(VENV_PYTHON); then $(LOCAL) stop; else echo "nothing runs"; fi

status: venv-demo
	@$(LOCAL) status

test: venv-dev
	@$(LOCAL) test $(ARGS)

check: lint security types imports migrations

lint: venv-dev
	$(VENV_PYTHON) -m ruff check
	$(VENV_PYTHON) -m ruff format --check

# Nothing is found, or its line says why it is right. What it remarks about such lines is no finding and is left out.
security: venv-dev
	@remarks=$$(mktemp) && { "$(PAYYMO_VENV)/bin/bandit" --quiet --configfile pyproject.toml --recursive \
		accounts banking matching payments payymo tenants whmcs manage.py 2>"$$remarks"; status=$$?; \
		grep -vE '^\[(manager|tester)\][[:space:]]+WARNING' "$$remarks" >&2; rm -f "$$remarks"; exit $$status; }

# Asks the advisories of PyPI about every locked package, which needs the network: run it daily where there is one.
audit: venv-dev
	$(VENV_PYTHON) -m uv tool run --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes \
		$(addprefix --requirement ,$(wildcard requirements*.txt))

types: venv-dev
	$(VENV_PYTHON) -m mypy

imports: venv-dev
	"$(PAYYMO_VENV)/bin/lint-imports" --no-cache

migrations: venv-dev
	$(LOCAL) throwaway -- $(VENV_PYTHON) manage.py makemigrations --check --dry-run

module:
	@$(PYTHON) whmcs/module/build.py

# Half a gigabyte from npm the first time, so it is asked for by hand. The program ends with 0 whatever it finds.
PHP_WASM = $(abspath $(PAYYMO_HOME))/php-wasm
module-lint:
	@mkdir -p "$(PHP_WASM)/tmp" && npm install --silent --no-audit --no-fund --prefix "$(PHP_WASM)" @php-wasm/cli@3.1.56
	@files=$$(find whmcs/module/modules -name '*.php' | sort); \
	for version in 8.1 8.2 8.3; do \
		echo $$files | PHP=$$version TMPDIR="$(PHP_WASM)/tmp" xargs -n 1 -P 2 \
			"$(PHP_WASM)/node_modules/.bin/php-wasm-cli" -l >"$(PHP_WASM)/said" 2>&1; \
		passed=$$(grep -c '^No syntax errors' "$(PHP_WASM)/said"); rm -rf "$(PHP_WASM)/tmp/"*; \
		[ "$$passed" = "$$(echo $$files | wc -w)" ] || { grep -v '^No syntax errors' "$(PHP_WASM)/said"; exit 1; }; \
		echo "PHP $$version compiles $$passed files"; \
	done

openapi: venv-dev
	$(LOCAL) throwaway -- $(VENV_PYTHON) manage.py spectacular --urlconf payymo.urls --validate --fail-on-warn --file docs/api/openapi.yaml
	$(LOCAL) throwaway -- $(VENV_PYTHON) manage.py permission_table --out docs/security/permissions.md

# The pictures of the documents, from the gallery's invented data.
screenshots: venv-dev
	$(LOCAL) throwaway -- $(VENV_PYTHON) -m tests.dashboard.screenshots docs/images

# Each file is compiled within the one before, so that a package has the same version in all of them.
lock: venv-dev
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) -c requirements.txt requirements-demo.in -o requirements-demo.txt
	$(LOCK) -c requirements.txt -c requirements-demo.txt requirements-stores.in -o requirements-stores.txt
	$(LOCK) -c requirements.txt -c requirements-demo.txt -c requirements-stores.txt requirements-dev.in -o requirements-dev.txt
	$(LOCK) -c requirements.txt -c requirements-demo.txt -c requirements-stores.txt -c requirements-dev.txt requirements-bench.in -o requirements-bench.txt

# A machine without a C compiler is told so, and everything runs as before.
compiled: venv-dev
	@$(VENV_PYTHON) manage.py compile_core

# Without BENCH it invents hosts, the same ones every time. Only where the truth is known others are compared.
BENCH_HOSTS = uk de reseller hard
BENCH_DIRS = $(or $(BENCH),$(addprefix $(PAYYMO_HOME)/bench/,$(BENCH_HOSTS)))

# BENCH_PROPOSING="--invoices 20000 --payments 2000" makes the last table in a minute.
bench: venv-bench compiled $(if $(BENCH),,bench-hosts)
	@$(VENV_PYTHON) benchmarks/matching.py $(BENCH_DIRS)
	@judged=; for dir in $(BENCH_DIRS); do if test -f "$$dir/truth.jsonl"; then judged="$$judged $$dir"; fi; done; \
	test -z "$$judged" || { echo; $(VENV_PYTHON) benchmarks/peers.py $$judged; }
	@echo; $(LOCAL) throwaway -- $(VENV_PYTHON) benchmarks/proposing.py $(BENCH_PROPOSING)
	@echo; $(LOCAL) throwaway -- $(VENV_PYTHON) benchmarks/statements.py

bench-scale: venv-bench compiled
	@$(VENV_PYTHON) benchmarks/matching_scale.py $(ARGS)

bench-pages: venv-dev
	@$(LOCAL) throwaway -- $(VENV_PYTHON) benchmarks/pages.py $(ARGS)

# In a laboratory: how fast the gallery's pages paint and answer on a slow device and line.
bench-paint: venv-dev
	@$(LOCAL) throwaway -- $(VENV_PYTHON) benchmarks/first_paint.py

bench-transactions: venv-dev
	@$(LOCAL) throwaway -- $(VENV_PYTHON) benchmarks/transactions_list.py $(ARGS)

bench-tenants: venv-dev
	@$(LOCAL) throwaway -- $(VENV_PYTHON) benchmarks/tenants.py $(ARGS)

bench-first-load: venv-dev
	@$(LOCAL) throwaway -- $(VENV_PYTHON) benchmarks/first_load.py $(ARGS)

bench-webhooks: venv-dev
	@PAYYMO_DURABLE=1 $(LOCAL) throwaway -- $(VENV_PYTHON) benchmarks/webhooks.py $(ARGS)

chaos: venv-dev
	@$(LOCAL) throwaway -- $(VENV_PYTHON) benchmarks/posting_chaos.py $(ARGS)

bench-hosts: venv-bench
	@for host in $(BENCH_HOSTS); do \
		$(VENV_PYTHON) benchmarks/make_hosts.py "$(PAYYMO_HOME)/bench/$$host" --profile $$host --seed 11 --invoices 6000 || exit 1; done

# By name, so that a PAYYMO_HOME that holds anything else, or is somebody's home, keeps it.
clean: stop
	cd "$(PAYYMO_HOME)" 2>/dev/null && test -e run/lock -o -e venv.lock && rm -rf -- run logs mail beat sandbox static postgres postgres.new valkey venv venv.* \
		test-* env secrets.json ports.json state.json static.json $(addprefix bench/,$(BENCH_HOSTS)) || true
	rmdir "$(PAYYMO_HOME)/bench" 2>/dev/null || true
	rmdir "$(PAYYMO_HOME)" 2>/dev/null || true
	rm -rf -- .mypy_cache .ruff_cache .hypothesis

venv-demo:
	@$(PYTHON) payymo/local/bootstrap.py demo

venv-dev:
	@$(PYTHON) payymo/local/bootstrap.py dev

venv-bench:
	@$(PYTHON) payymo/local/bootstrap.py bench

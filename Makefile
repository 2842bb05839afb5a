# Every target is one call of dev.py, which works without make too: `py dev.py up` on Windows.
PYTHON ?= python3

.PHONY: up test check bench clean

up: ; @$(PYTHON) dev.py up $(ARGS)

test: ; @$(PYTHON) dev.py test $(ARGS)

check: ; @$(PYTHON) dev.py check

bench: ; @$(PYTHON) dev.py bench $(ARGS)

clean: ; @$(PYTHON) dev.py clean $(ARGS)

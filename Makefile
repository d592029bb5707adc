# Each target is one command that also works by hand; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install format check test reproduce-tables train-direct train-unrolled train-seeing train-free train-refiner fuzz benchmark docs before-after

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

install: $(READY) ## create .venv with the tested set of packages

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("$(PYTHON) is %d.%d, but Python 3.11 is needed. Pass PYTHON=python3.11." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,docs]'
	@touch $(READY)

format: $(READY) ## rewrite the code in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: $(READY) ## everything that needs no run: lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports --no-cache

test: $(READY) ## run every test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

RUNS := results/runs
BLIND := deblur_lightning/weights/blind.safetensors
LEARNED := deblur_lightning/weights/learned.safetensors
DIRECT_MODEL := deblur_lightning/weights/direct.safetensors
QUICK := $(RUNS)/sample/checkpoints/best.ckpt
QUICK_DIRECT := $(RUNS)/sample-direct/checkpoints/last.ckpt
QUICK_GAN := $(RUNS)/sample-gan/checkpoints/best.ckpt

MODELS := --checkpoint "blind=$(BLIND)" --checkpoint "learned=$(LEARNED)" --checkpoint "direct=$(DIRECT_MODEL)" --checkpoint "adaptive basis (quick training)=$(QUICK)" --checkpoint "direct (quick training)=$(QUICK_DIRECT)" --checkpoint "DeblurGAN (quick training)=$(QUICK_GAN)"

reproduce-tables: $(READY) ## train three small configurations, two at a time, score them, write tables, figures and the page
	OMP_NUM_THREADS=1 $(MAKE) --jobs 2 $(foreach run,sample sample-direct sample-gan,$(RUNS)/$(run)/complete)
	$(BIN)/deblur benchmark $(MODELS)
	$(BIN)/lightning test --config experiments/sample/deblurgan.yaml --ckpt_path $(QUICK_GAN)
	$(BIN)/deblur curves $(RUNS)/sample/metrics.csv $(RUNS)/sample-direct/metrics.csv $(RUNS)/sample-gan/metrics.csv -o results/figures/curves
	$(BIN)/deblur figures $(MODELS)
	$(BIN)/deblur tables
	@echo "Page: results/index.html. Tables: results/tables.md. Checkpoints: $(QUICK), $(QUICK_DIRECT), $(QUICK_GAN)."

$(RUNS)/sample/complete: $(READY)
	rm -rf $(@D)
	$(BIN)/lightning fit --config experiments/sample/adaptive_basis.yaml $(WIDE) $(VERSION) sample
	@touch $@

$(RUNS)/sample-direct/complete: $(READY)
	rm -rf $(@D)
	$(BIN)/lightning fit --config experiments/sample/direct.yaml $(WIDE) $(VERSION) sample-direct
	@touch $@

$(RUNS)/sample-gan/complete: $(READY)
	rm -rf $(@D)
	$(BIN)/deblur sample-gopro results/data/gopro-sample
	$(BIN)/lightning fit --config experiments/sample/deblurgan.yaml $(VERSION) sample-gan
	@touch $@

FIT_SMALL := OMP_NUM_THREADS=1 $(BIN)/lightning fit
VERSION := --trainer.logger.init_args.version

FALL := --config experiments/direct/fall.yaml
FINISH := --config experiments/direct/finish.yaml
AGAIN := --config experiments/direct/again.yaml
LONGER := --config experiments/direct/longer.yaml
END := --config experiments/direct/end.yaml
WIDE := --trainer.callbacks+=ChannelsLast

# $(call small_run,experiments/… that small.yaml lies in,NAME,--config …,NAME of the run that it goes on from,options of import-weights)
define small_run
$(FIT_SMALL) --config experiments/$(1)/small.yaml $(3) $(if $(4),--ckpt_path $(RUNS)/$(4)/weights.safetensors) $(WIDE) $(VERSION) $(2) $(ARGS)
$(BIN)/deblur import-weights $(RUNS)/$(2)/checkpoints/last.ckpt -o $(RUNS)/$(2)/weights.safetensors --overwrite $(5)
endef
SEEDS = --seed_everything $(1) --data.init_args.seed $(2)
LONGEST := --trainer.max_epochs 28 --model.init_args.scheduler.init_args.total_steps 14000

train-direct: $(READY) ## train the small direct network on data/bsds500 and data/photos, in eleven runs, and pack it; ARGS="--trainer.precision 32-true" without bfloat16 units
	$(call small_run,direct,direct)
	$(call small_run,direct,direct-fall,$(FALL),direct)
	$(call small_run,direct,direct-finish,$(FINISH),direct-fall)
	$(call small_run,direct,direct-again,$(AGAIN),direct-finish)
	$(call small_run,direct,direct-longer,$(LONGER),direct-again)
	$(call small_run,direct,direct-end,$(END),direct-longer)
	$(call small_run,direct,direct-longer2,$(LONGER) $(call SEEDS,7,6),direct-end)
	$(call small_run,direct,direct-end2,$(END) $(call SEEDS,8,7),direct-longer2)
	$(call small_run,direct,direct-longer3,$(LONGER) $(call SEEDS,9,8),direct-end2)
	$(call small_run,direct,direct-longer4,$(LONGER) $(LONGEST) $(call SEEDS,11,10),direct-longer3)
	$(call small_run,direct,direct-end4,$(END) $(call SEEDS,12,11),direct-longer4,--half)

WINDOWS := OMP_NUM_THREADS=1 $(BIN)/python experiments/unrolled/estimates.py
PLACES := --bsds500 data/bsds500 --photos data/photos

train-unrolled: $(READY) ## make windows of data/bsds500 and data/photos with their estimated motion, train the learned restorer on them beside the bundled direct network, and pack it; ARGS as above
	$(WINDOWS) data/field_windows/val --split val --count 34 --seed 7 $(PLACES)
	$(WINDOWS) data/field_windows/train --count 400 $(PLACES)
	$(FIT_SMALL) --config experiments/unrolled/small.yaml $(WIDE) $(VERSION) unrolled $(ARGS)
	$(BIN)/deblur import-weights $(RUNS)/unrolled/checkpoints/last.ckpt -o $(RUNS)/unrolled/weights.safetensors --overwrite
	$(FIT_SMALL) --config experiments/unrolled/small.yaml --config experiments/unrolled/again.yaml --ckpt_path $(RUNS)/unrolled/weights.safetensors $(WIDE) $(VERSION) unrolled-again $(ARGS)
	cp $(DIRECT_MODEL) $(RUNS)/unrolled-again/
	$(BIN)/deblur import-weights $(RUNS)/unrolled-again/checkpoints/last.ckpt -o $(RUNS)/unrolled-again/learned.safetensors --overwrite --half --borrow $(DIRECT_MODEL)

train-seeing: $(READY) ## train one network that restores and sees, on a GPU, and pack it
	$(FIT_SMALL) --config experiments/seeing/large.yaml $(WIDE) --trainer.callbacks+=CompiledBlocks $(VERSION) seeing $(ARGS)
	$(BIN)/deblur import-weights $(RUNS)/seeing/checkpoints/last.ckpt -o $(RUNS)/seeing/weights.safetensors --overwrite --half

MORE := --trainer.max_epochs 5 --model.init_args.scheduler.init_args.total_steps 4000
# $(call LAST,epochs,samples an epoch,steps,learning rate,seed,data's seed)
LAST = --config experiments/free/last.yaml --trainer.max_epochs $(1) --data.init_args.samples.train $(2) --model.init_args.scheduler.init_args.total_steps $(3) --model.init_args.optimizer.init_args.lr $(4) --model.init_args.scheduler.init_args.max_lr $(4) $(call SEEDS,$(5),$(6))
LARGER := --data.init_args.crop_size 208 --data.init_args.batch_size 3
LARGEST := --data.init_args.crop_size 256 --data.init_args.batch_size 2

# $(call RESTORER,epochs,steps,learning rate,share of estimated fields,seed,data's seed)
RESTORER = --config experiments/free/restorer.yaml --data.init_args.estimated $(4) --trainer.max_epochs $(1) --model.init_args.scheduler.init_args.total_steps $(2) --model.init_args.optimizer.init_args.lr $(3) --model.init_args.scheduler.init_args.max_lr $(3) $(call SEEDS,$(5),$(6))

train-free: $(READY) ## train a small network that restores and sees, on freely licensed pictures in data/free, in eighteen runs, beside it a restorer that undoes a motion field, in three, and put both into the default model; ARGS as above
	$(call small_run,free,free)
	$(call small_run,free,free-again,--config experiments/free/again.yaml,free)
	$(call small_run,free,free-longer,--config experiments/free/longer.yaml,free-again)
	$(call small_run,free,free-end,--config experiments/free/end.yaml,free-longer)
	$(call small_run,free,free-wider,--config experiments/free/wider.yaml,free-end)
	$(call small_run,free,free-last,--config experiments/free/last.yaml,free-wider)
	$(call small_run,free,free-more,--config experiments/free/wider.yaml $(MORE) $(call SEEDS,7,206),free-last)
	$(call small_run,free,free-more-last,--config experiments/free/last.yaml $(call SEEDS,8,207),free-more)
	mkdir -p $(RUNS)/free-mean
	$(BIN)/python experiments/free/mean.py $(RUNS)/free-last/weights.safetensors $(RUNS)/free-more-last/weights.safetensors $(RUNS)/free-mean/weights.safetensors
	$(call small_run,free,free-ninth,$(call LAST,4,6250,5000,5e-4,9,208),free-mean)
	$(call small_run,free,free-tenth,$(call LAST,4,6500,5200,6e-4,10,209),free-ninth)
	$(call small_run,free,free-eleventh,$(call LAST,5,6500,6500,6e-4,11,210),free-tenth)
	$(call small_run,free,free-twelfth,$(call LAST,5,6500,6500,6e-4,12,211),free-eleventh)
	$(call small_run,free,free-thirteenth,$(call LAST,5,5000,5000,6e-4,13,212),free-twelfth)
	mkdir -p $(RUNS)/free-second-mean
	$(BIN)/python experiments/free/mean.py $(RUNS)/free-twelfth/weights.safetensors $(RUNS)/free-thirteenth/weights.safetensors $(RUNS)/free-second-mean/weights.safetensors
	$(call small_run,free,free-fourteenth,$(call LAST,6,5000,6000,6e-4,14,213),free-second-mean)
	mkdir -p $(RUNS)/free-third-mean
	$(BIN)/python experiments/free/mean.py $(RUNS)/free-second-mean/weights.safetensors $(RUNS)/free-fourteenth/weights.safetensors $(RUNS)/free-third-mean/weights.safetensors
	$(call small_run,free,free-fifteenth,$(call LAST,6,5000,6000,6e-4,15,214),free-third-mean)
	mkdir -p $(RUNS)/free-fourth-mean
	$(BIN)/python experiments/free/mean.py $(RUNS)/free-third-mean/weights.safetensors $(RUNS)/free-fifteenth/weights.safetensors $(RUNS)/free-fourth-mean/weights.safetensors
	$(call small_run,free,free-sixteenth,$(call LAST,6,5000,6000,6e-4,16,215),free-fourth-mean)
	mkdir -p $(RUNS)/free-fifth-mean
	$(BIN)/python experiments/free/mean.py $(RUNS)/free-fourth-mean/weights.safetensors $(RUNS)/free-sixteenth/weights.safetensors $(RUNS)/free-fifth-mean/weights.safetensors
	$(call small_run,free,free-seventeenth,$(call LAST,6,3000,6000,6e-4,17,216) $(LARGER),free-fifth-mean)
	mkdir -p $(RUNS)/free-sixth-mean
	$(BIN)/python experiments/free/mean.py $(RUNS)/free-fifth-mean/weights.safetensors $(RUNS)/free-seventeenth/weights.safetensors $(RUNS)/free-sixth-mean/weights.safetensors
	$(call small_run,free,free-eighteenth,$(call LAST,6,2000,6000,6e-4,18,217) $(LARGEST),free-sixth-mean)
	$(BIN)/python experiments/free/mean.py $(RUNS)/free-sixth-mean/weights.safetensors $(RUNS)/free-eighteenth/weights.safetensors $(RUNS)/free-mean/mean.safetensors
	$(WINDOWS) data/free_windows/val --split val --count 34 --seed 7 --photos data/free
	$(WINDOWS) data/free_windows/train --count 204 --side 768 --others 4 --photos data/free
	$(call small_run,unrolled,free-restorer,$(call RESTORER,11,5500,8e-4,0.7,25,26))
	$(call small_run,unrolled,free-restorer-again,$(call RESTORER,7,3500,7e-4,0.75,27,28),free-restorer)
	$(call small_run,unrolled,free-restorer-last,$(call RESTORER,7,3500,6e-4,0.75,37,38),free-restorer-again)
	$(BIN)/python experiments/free/assemble.py $(RUNS)/free-mean/mean.safetensors $(RUNS)/free-mean/blind.safetensors --restorer $(RUNS)/free-restorer-last/weights.safetensors

train-refiner: $(READY) ## look for kernels in windows of data/free, train a network that improves them, and put it into a copy of the default model: 2 hours
	OMP_NUM_THREADS=1 $(BIN)/python experiments/refiner/windows.py data/refiner --photos data/free --count 2100
	OMP_NUM_THREADS=1 $(BIN)/python experiments/refiner/refine.py data/refiner $(RUNS)/refiner/first.safetensors --steps 1600
	OMP_NUM_THREADS=1 $(BIN)/python experiments/refiner/windows.py data/refiner --second $(RUNS)/refiner/first.safetensors
	OMP_NUM_THREADS=1 $(BIN)/python experiments/refiner/refine.py data/refiner $(RUNS)/refiner/blind.safetensors --steps 1600

SECONDS ?= 60
fuzz: $(READY) ## feed damaged photos and checkpoints to the loaders for SECONDS=60
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python tests/fuzz/loaders.py --seconds $(SECONDS)

benchmark: $(READY) ## time each fast path beside its plain formulation; ONLY=blur for one
	$(BIN)/python -m benchmarks $(ONLY)

docs: $(READY) ## build the documentation in site/, readable without a network
	PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html; to search in it: python3 -m http.server -d site."

before-after: $(READY) ## draw the first page's picture anew; ARGS=--true-field without a model
	$(BIN)/python docs/_before_after.py $(ARGS)

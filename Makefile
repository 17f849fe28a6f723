# Aliases of ./run, for those who have make: `make test ARGS="-k naming"`.
.PHONY: run setup test quick bench

run:
	@./run $(ARGS)
setup:
	@./run setup
test:
	@./run test $(ARGS)
quick:
	@./run test --quick $(ARGS)
bench:
	@./run bench $(ARGS)

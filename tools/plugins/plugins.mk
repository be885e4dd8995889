# The first-party components: included by the root Makefile.

.PHONY: plugins plugins-check

plugins: ## Rebuild the components from source, with the pinned toolchain (installed under .tools/)
	go run ./tools/plugins build

plugins-check: ## Prove that the components checked in are what their sources build to
	go run ./tools/plugins check

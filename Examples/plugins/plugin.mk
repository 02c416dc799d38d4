# What the example plugins share: where the headers and the test kit are, and the check that
# a library exports its entry and nothing else. Set EGG to the root of an egg source tree.

EGG ?= ../../..
ABI := $(EGG)/Sources/PluginABI/include
TESTKIT := $(EGG)/Sources/EggTestKit
BUILD ?= .build

CC ?= cc
CXX ?= c++
WARNINGS := -Wall -Wextra -pedantic
# Hidden visibility: EGG_EXPORT is what makes the entry visible.
PLUGIN_FLAGS := -O2 -g -fPIC -fvisibility=hidden $(WARNINGS) -I$(ABI)

TESTKIT_OBJECTS := $(patsubst $(TESTKIT)/%.c,$(BUILD)/testkit-%.o,$(wildcard $(TESTKIT)/*.c))

$(BUILD)/testkit-%.o: $(TESTKIT)/%.c $(TESTKIT)/kit.h $(TESTKIT)/include/egg_testkit.h
	@mkdir -p $(BUILD)
	$(CC) -std=c11 -O1 -g $(WARNINGS) -I$(ABI) -I$(TESTKIT)/include -c $< -o $@

$(BUILD)/test: $(TEST_SOURCE) $(TESTKIT_OBJECTS)
	$(CC) -std=c11 -O1 -g $(WARNINGS) -I$(ABI) -I$(TESTKIT)/include $(TEST_SOURCE) \
	  $(TESTKIT_OBJECTS) -o $@ -ldl -lm -lpthread

.PHONY: test exports clean
test: $(LIBRARY) exports $(BUILD)/test
	$(BUILD)/test

exports: $(LIBRARY)
	@found="$$(nm -D --defined-only $(LIBRARY) | awk '{print $$3}' | grep -v '^_init$$\|^_fini$$')"; \
	if [ "$$found" != egg_plugin_entry_v1 ]; then \
	  echo "expected $(LIBRARY) to export egg_plugin_entry_v1 only, found:"; echo "$$found"; exit 1; \
	fi

clean:
	rm -rf $(BUILD) $(LIBRARY) target

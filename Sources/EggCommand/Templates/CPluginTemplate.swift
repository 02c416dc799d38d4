extension Template {
  static let cPlugin: [(path: String, text: String)] = [
    (
      "@MODULE@.c",
      #"""
      #include "egg_plugin.h"

      #include <stdlib.h>

      /* Read by the kernel before any code of this library runs. What is registered below must be
       * announced here. */
      EGG_MANIFEST("{\"egg\": 1, \"id\": \"@NAME@\", \"version\": \"0.1.0\","
                   " \"abi\": {\"major\": 1, \"min\": 0},"
                   " \"needs\": [\"egg.http/1\"],"
                   " \"provides\": {\"middleware\": [\"@MEMBER@\"], \"context\": [\"@MEMBER@\"]}}");

      #define TEXT(literal) ((egg_str){literal, sizeof(literal) - 1})

      /* One for each application that enables the plugin; lives as long as the process. */
      typedef struct plugin {
          egg_plugin table;
          const egg_host *host;
          const egg_http *http;
          egg_value text; /* config.@MEMBER@.text; stays valid once it is frozen */
      } plugin;

      /* Every request that passes the middleware. */
      static egg_step handle(void *instance, egg_call call) {
          plugin *self = instance;
          egg_str text = {self->text.as.string, self->text.count};
          self->http->set_header(self->host, call, TEXT("X-@HEADER@"), text);
          return EGG_STEP_PASS;
      }

      /* ctx.@MEMBER@ */
      static egg_status get(void *self, egg_call call, egg_value *out) {
          (void)call;
          *out = ((plugin *)self)->text;
          return EGG_OK;
      }

      static egg_step fail(plugin *self, egg_call call, egg_str message) {
          egg_error error = {.size = sizeof error, .code = TEXT("CONFIG"), .message = message};
          return self->host->fail(self->host, call, &error);
      }

      static egg_step on_phase(void *instance, egg_phase phase, egg_call call) {
          plugin *self = instance;
          const egg_host *host = self->host;
          switch (phase) {
          case EGG_PHASE_REGISTER: {
              egg_middleware middleware = {
                  .size = sizeof middleware, .name = "@MEMBER@", .self = self, .handle = handle};
              egg_property property = {.size = sizeof property, .target = EGG_ON_CONTEXT,
                                       .name = "@MEMBER@", .self = self, .get = get};
              if (host->add_middleware(host, &middleware) || host->add_property(host, &property))
                  return fail(self, call, TEXT("the kernel refused a registration, see its log"));
              break;
          }
          case EGG_PHASE_CONFIG_DID_LOAD:
              if (host->config(host, TEXT("@MEMBER@.text"), &self->text) ||
                  self->text.kind != EGG_STRING)
                  return fail(self, call, TEXT("expected config.@MEMBER@.text to be a text"));
              break;
          default:
              break;
          }
          return EGG_STEP_DONE;
      }

      const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
          (void)plugin_id;
          plugin *self = calloc(1, sizeof *self);
          if (!self) return NULL;
          self->host = host;
          self->http = host->query(host, EGG_HTTP_ID);
          self->table = (egg_plugin){.size = sizeof self->table,
                                     .abi_major = EGG_ABI_MAJOR,
                                     .abi_minor = EGG_ABI_MINOR,
                                     .id = "@NAME@",
                                     .self = self,
                                     .on_phase = on_phase};
          return &self->table;
      }

      """#
    ),
    (
      "Makefile",
      #"""
      CFLAGS ?= -O2 -g
      CFLAGS += -std=c11 -Wall -Wextra -fPIC -fvisibility=hidden -Iinclude

      lib/lib@NAME@.so: @MODULE@.c $(wildcard include/*.h)
      	@mkdir -p lib
      	$(CC) $(CFLAGS) -shared -o $@ $< $(LDFLAGS)

      .PHONY: clean
      clean:
      	rm -rf lib

      """#
    ),
  ]

  static let cppPlugin: [(path: String, text: String)] = [
    (
      "@MODULE@.cpp",
      #"""
      #include "egg_plugin.h"

      #include <new>
      #include <string_view>

      // Read by the kernel before any code of this library runs. What is registered below must be
      // announced here.
      EGG_MANIFEST(R"({"egg": 1, "id": "@NAME@", "version": "0.1.0",
        "abi": {"major": 1, "min": 0}, "needs": ["egg.http/1"],
        "provides": {"middleware": ["@MEMBER@"], "context": ["@MEMBER@"]}})");

      namespace {

      egg_str text(std::string_view view) { return {view.data(), view.size()}; }

      // One for each application that enables the plugin; lives as long as the process. Built without
      // exceptions, because none may leave a function that the kernel calls.
      class Plugin {
      public:
          explicit Plugin(const egg_host *host)
              : host(host), http(static_cast<const egg_http *>(host->query(host, EGG_HTTP_ID))) {
              table.size = sizeof table;
              table.abi_major = EGG_ABI_MAJOR;
              table.abi_minor = EGG_ABI_MINOR;
              table.id = "@NAME@";
              table.self = this;
              table.on_phase = [](void *self, egg_phase phase, egg_call call) {
                  return static_cast<Plugin *>(self)->enter(phase, call);
              };
          }

          egg_plugin table{};

      private:
          egg_step enter(egg_phase phase, egg_call call) {
              switch (phase) {
              case EGG_PHASE_REGISTER: return add(call);
              case EGG_PHASE_CONFIG_DID_LOAD: return read(call);
              default: return EGG_STEP_DONE;
              }
          }

          egg_step add(egg_call call) {
              egg_middleware middleware{};
              middleware.size = sizeof middleware;
              middleware.name = "@MEMBER@";
              middleware.self = this;
              // Every request that passes the middleware.
              middleware.handle = [](void *self, egg_call call) -> egg_step {
                  return static_cast<Plugin *>(self)->handle(call);
              };
              egg_property property{};
              property.size = sizeof property;
              property.target = EGG_ON_CONTEXT;
              property.name = "@MEMBER@";
              property.self = this;
              // ctx.@MEMBER@
              property.get = [](void *self, egg_call, egg_value *out) -> egg_status {
                  *out = static_cast<Plugin *>(self)->value;
                  return EGG_OK;
              };
              if (host->add_middleware(host, &middleware) || host->add_property(host, &property))
                  return fail(call, "the kernel refused a registration, see its log");
              return EGG_STEP_DONE;
          }

          egg_step read(egg_call call) {
              if (host->config(host, text("@MEMBER@.text"), &value) || value.kind != EGG_STRING)
                  return fail(call, "expected config.@MEMBER@.text to be a text");
              return EGG_STEP_DONE;
          }

          egg_step handle(egg_call call) {
              http->set_header(host, call, text("X-@HEADER@"), {value.as.string, value.count});
              return EGG_STEP_PASS;
          }

          egg_step fail(egg_call call, std::string_view message) {
              egg_error error{};
              error.size = sizeof error;
              error.code = text("CONFIG");
              error.message = text(message);
              return host->fail(host, call, &error);
          }

          const egg_host *host;
          const egg_http *http;
          egg_value value{};  // config.@MEMBER@.text; stays valid once it is frozen
      };

      }  // namespace

      const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *) {
          auto *plugin = new (std::nothrow) Plugin(host);
          return plugin ? &plugin->table : nullptr;
      }

      """#
    ),
    (
      "Makefile",
      #"""
      CXXFLAGS ?= -O2 -g
      CXXFLAGS += -std=c++17 -Wall -Wextra -fPIC -fno-exceptions -fvisibility=hidden \
        -fvisibility-inlines-hidden -Iinclude

      lib/lib@NAME@.so: @MODULE@.cpp $(wildcard include/*.h)
      	@mkdir -p lib
      	$(CXX) $(CXXFLAGS) -shared -o $@ $< $(LDFLAGS)

      .PHONY: clean
      clean:
      	rm -rf lib

      """#
    ),
  ]
}

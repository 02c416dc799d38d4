// geo.cpp - an Egg plugin in C++17. It says in which country an address is, from tables
// that every unit may bring along in app/geo/*.csv. It shows
//
//   - a contributed directory               app/geo/*.csv of every unit
//   - a property that is computed once      ctx.country
//   - blocking work on a pool thread        app.geoLookup(address)
//   - a thread of its own, and post         app.geoReload()
//   - an upgraded connection                GET /geo/echo with "Upgrade: echo"
//   - a route of its own                    GET /geo/:address
//   - an interface for other plugins        com.example.geo/1 (geo_interface.h)
//   - a middleware                          "geo" sets x-country
//
// No exception leaves a function that the kernel calls: see egg::guarded.
#include "egg.hpp"
#include "geo_interface.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

EGG_MANIFEST("{\"egg\": 1, \"id\": \"geo-cpp\", \"version\": \"1.0.0\","
             " \"abi\": {\"major\": 1, \"min\": 0, \"built\": 0},"
             " \"needs\": [\"egg.http/1\", \"egg.loop/1\", \"egg.router/1\"],"
             " \"wants\": [\"egg.upgrade/1\"],"
             " \"routes\": {\"prefix\": \"/geo\"},"
             " \"directories\": [\"app/geo\"],"
             " \"provides\": {"
             "   \"middleware\": [\"geo\"],"
             "   \"application\": [\"geoLookup\", \"geoReload\"],"
             "   \"context\": [\"country\"],"
             "   \"interfaces\": [\"com.example.geo/1\"]}}");

namespace {

using egg::text;
using egg::value;
using egg::view;

// ---- the engine: knows nothing of Egg ----------------------------------------------

struct Place {
    std::string prefix;
    std::string country;
};

// Never changed once it is made, so that threads may share it.
using Table = std::vector<Place>;

void read_file(const std::string &path, Table &table) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("can't read " + path);
    for (std::string line; std::getline(file, line);) {
        const auto comma = line.find(',');
        if (line.empty() || line[0] == '#' || comma == std::string::npos) continue;
        table.push_back({line.substr(0, comma), line.substr(comma + 1)});
    }
}

std::shared_ptr<const Table> read_all(const std::vector<std::string> &files) {
    auto table = std::make_shared<Table>();
    for (const auto &file : files) read_file(file, *table);
    return table;
}

// The longest prefix counts; nothing when none fits.
const Place *find(const Table &table, std::string_view address) {
    const Place *best = nullptr;
    for (const auto &place : table) {
        if (address.substr(0, place.prefix.size()) != place.prefix) continue;
        if (best == nullptr || place.prefix.size() > best->prefix.size()) best = &place;
    }
    return best;
}

// ---- the plugin -----------------------------------------------------------------------

struct Geo {
    egg_plugin plugin{};
    geo_interface interface{};
    const egg_host *host = nullptr;
    const egg_http *http = nullptr;
    const egg_loop *loop = nullptr;
    const egg_router *router = nullptr;
    const egg_upgrade *upgrade = nullptr; // may be missing
    std::vector<std::string> files;
    std::shared_ptr<const Table> table = std::make_shared<Table>();
    std::string unknown = "ZZ";
    std::thread reloader;

    std::string_view country(std::string_view address) const {
        const Place *place = find(*table, address);
        return place == nullptr ? std::string_view(unknown) : std::string_view(place->country);
    }

    std::string_view address_of(egg_call call) const {
        egg_request request{};
        request.size = sizeof request;
        if (http->request(host, call, &request) != EGG_OK) return {};
        return view(request.remote_address);
    }
};

// ---- a contributed directory ------------------------------------------------------------

// All app/geo/*.csv of all units at once: plugins first, the application last.
egg_step loaded(void *self, egg_call call, const egg_entry *const *entries, uint32_t count) {
    auto &geo = *static_cast<Geo *>(self);
    return egg::guarded(geo.host, call, [&]() -> egg_step {
        geo.files.clear();
        for (uint32_t i = 0; i < count; i++)
            geo.files.emplace_back(view(entries[i]->absolute)); // copied: entries are borrowed
        geo.table = read_all(geo.files); // reading files is fine before the start has ended
        return EGG_STEP_DONE;
    });
}

// ---- ctx.country and the middleware ------------------------------------------------------

egg_status get_country(void *self, egg_call call, egg_value *out) {
    auto &geo = *static_cast<Geo *>(self);
    *out = value(geo.country(geo.address_of(call)));
    return EGG_OK;
}

egg_step handle(void *self, egg_call call) {
    auto &geo = *static_cast<Geo *>(self);
    geo.http->set_header(geo.host, call, text("x-country"),
                         text(geo.country(geo.address_of(call))));
    return EGG_STEP_PASS; // not interested in the way back
}

// ---- app.geoLookup(address): on a thread that may block -----------------------------------

struct Lookup {
    Geo &geo;
    egg::Call call;
    std::string address;
    std::shared_ptr<const Table> table; // shared, so that a reload does not pull it away
    std::string country;
};

// On a pool thread: no host function but `log` and `post` may be used here.
egg_status look_up(void *state) noexcept {
    auto &job = *static_cast<Lookup *>(state);
    try {
        const Place *place = find(*job.table, job.address);
        if (place != nullptr) job.country = place->country;
        return EGG_OK;
    } catch (...) {
        return EGG_E_FAILED;
    }
}

// Back on the loop's thread.
void looked_up(void *state, const egg_outcome *outcome) noexcept {
    std::unique_ptr<Lookup> job(static_cast<Lookup *>(state)); // freed at the end
    if (outcome->kind == EGG_OUTCOME_FAILED) {
        job->call.fail(*outcome->error);
        return;
    }
    const egg_value result = value(job->country.empty() ? job->geo.unknown : job->country);
    job->call.finish(&result);
}

egg_step geo_lookup(void *self, egg_call call, const egg_value *args, uint32_t count,
                    egg_value *) {
    auto &geo = *static_cast<Geo *>(self);
    return egg::guarded(geo.host, call, [&]() -> egg_step {
        if (count < 1 || args[0].kind != EGG_STRING) {
            const egg_error failure = egg::error("GEO_ADDRESS", "geoLookup needs an address", 400);
            return geo.host->fail(geo.host, call, &failure);
        }
        // From here on `job` owns the call.
        auto job = std::make_unique<Lookup>(
            Lookup{geo, egg::Call(geo.host, call), std::string(view(args[0])), geo.table, {}});
        if (geo.loop->offload(geo.host, look_up, looked_up, job.get()) != EGG_OK)
            return job->call.fail(egg::error("GEO_BUSY", "too much blocking work waits", 503));
        job.release(); // looked_up takes it
        return EGG_STEP_LATER;
    });
}

// ---- app.geoReload(): a thread of our own, and the way back ---------------------------------

struct Reload {
    Geo &geo;
    egg::Call call;
    std::vector<std::string> files;
    std::shared_ptr<const Table> table;
    std::string problem;
};

// Posted: runs on the loop's thread.
void reloaded(void *state) noexcept {
    std::unique_ptr<Reload> job(static_cast<Reload *>(state));
    job->geo.reloader.join(); // its last act was to post this
    if (job->table == nullptr) {
        job->call.fail(egg::error("GEO_FILE", job->problem));
        return;
    }
    job->geo.table = std::move(job->table);
    egg_value result{};
    result.kind = EGG_INT;
    result.as.integer = static_cast<int64_t>(job->geo.table->size());
    job->call.finish(&result);
}

// On the thread: everything it needs is in the job, and it touches nothing else.
void reload(Reload *job) noexcept {
    try {
        job->table = read_all(job->files);
    } catch (const std::exception &problem) {
        job->problem = problem.what();
    }
    const egg_host *host = job->geo.host;
    job->geo.loop->post(host, reloaded, job);
}

egg_step geo_reload(void *self, egg_call call, const egg_value *, uint32_t, egg_value *) {
    auto &geo = *static_cast<Geo *>(self);
    return egg::guarded(geo.host, call, [&]() -> egg_step {
        if (geo.reloader.joinable()) {
            const egg_error failure = egg::error("GEO_BUSY", "a reload is under way", 503);
            return geo.host->fail(geo.host, call, &failure);
        }
        auto job = std::make_unique<Reload>(
            Reload{geo, egg::Call(geo.host, call), geo.files, nullptr, {}});
        geo.reloader = std::thread(reload, job.get());
        job.release(); // reloaded takes it
        return EGG_STEP_LATER;
    });
}

// ---- GET /geo/echo: an upgraded connection ------------------------------------------------

struct Echo {
    Geo &geo;
};

void echo_write(Echo &echo, uint64_t connection, std::string_view bytes) {
    const egg_status status = echo.geo.upgrade->write(echo.geo.host, connection, text(bytes));
    // AGAIN: taken, but the peer is slow, so nothing more is read from it until `writable`.
    if (status == EGG_E_AGAIN) echo.geo.upgrade->pause(echo.geo.host, connection, true);
    // LIMIT: not taken. A peer that does not read loses its connection.
    if (status == EGG_E_LIMIT) echo.geo.upgrade->close(echo.geo.host, connection, true);
}

void echo_opened(void *self, uint64_t connection) {
    auto &echo = *static_cast<Echo *>(self);
    egg::guarded(echo.geo.host, [&] {
        // The same bytes could go to any number of connections.
        egg::Buffer greeting(echo.geo.host, echo.geo.upgrade, "welcome\n");
        if (greeting) echo.geo.upgrade->write_buffer(echo.geo.host, connection, greeting.get());
    });
}

void echo_received(void *self, uint64_t connection, egg_str bytes) {
    auto &echo = *static_cast<Echo *>(self);
    egg::guarded(echo.geo.host, [&] { echo_write(echo, connection, view(bytes)); });
}

void echo_writable(void *self, uint64_t connection) {
    auto &echo = *static_cast<Echo *>(self);
    echo.geo.upgrade->pause(echo.geo.host, connection, false);
}

// Exactly once, whatever happened: the place to free.
void echo_closed(void *self, egg_close_reason) { delete static_cast<Echo *>(self); }

bool asks_for_echo(Geo &geo, egg_call call) {
    egg_str wanted{};
    return geo.upgrade != nullptr &&
           geo.http->header(geo.host, call, text("upgrade"), 0, &wanted) == EGG_OK &&
           view(wanted) == "echo";
}

egg_step echo_route(void *self, egg_call call) {
    auto &geo = *static_cast<Geo *>(self);
    return egg::guarded(geo.host, call, [&]() -> egg_step {
        if (!asks_for_echo(geo, call)) {
            geo.http->set_status(geo.host, call, 426);
            geo.http->set_header(geo.host, call, text("upgrade"), text("echo"));
            geo.http->set_response(geo.host, call, EGG_BODY_TEXT, text("Upgrade: echo\n"));
            return EGG_STEP_DONE;
        }
        auto echo = std::make_unique<Echo>(Echo{geo});
        egg_connection_ops ops{};
        ops.size = sizeof ops;
        ops.opened = echo_opened;
        ops.received = echo_received;
        ops.writable = echo_writable;
        ops.closed = echo_closed;
        if (geo.upgrade->take(geo.host, call, &ops, echo.get()) != EGG_OK)
            throw std::runtime_error("the connection can't be upgraded");
        echo.release(); // echo_closed takes it
        geo.http->set_header(geo.host, call, text("upgrade"), text("echo"));
        geo.http->set_header(geo.host, call, text("connection"), text("Upgrade"));
        return EGG_STEP_DONE; // the 101 is sent when the chain has unwound
    });
}

// ---- GET /geo/:address ------------------------------------------------------------------------

egg_step address_route(void *self, egg_call call) {
    auto &geo = *static_cast<Geo *>(self);
    return egg::guarded(geo.host, call, [&]() -> egg_step {
        egg_str address{};
        if (geo.http->param(geo.host, call, text("address"), &address) != EGG_OK)
            return EGG_STEP_PASS;
        std::string json = "{\"country\":\"";
        json += geo.country(view(address));
        json += "\"}";
        geo.http->set_response(geo.host, call, EGG_BODY_JSON, text(json)); // copies
        return EGG_STEP_DONE;
    });
}

// ---- the interface for other plugins -------------------------------------------------------

egg_str interface_country(void *self, egg_str address) {
    return text(static_cast<Geo *>(self)->country(view(address)));
}

// ---- the phases ---------------------------------------------------------------------------------

void must(egg_status status, const char *what) {
    if (status != EGG_OK) throw std::runtime_error(std::string(what) + " was refused");
}

void register_all(Geo &geo) {
    const egg_host *host = geo.host;
    egg_middleware middleware{};
    middleware.size = sizeof middleware;
    middleware.name = "geo";
    middleware.self = &geo;
    middleware.handle = handle;
    must(host->add_middleware(host, &middleware), "the middleware");

    egg_property country{};
    country.size = sizeof country;
    country.flags = EGG_PROPERTY_ONCE;
    country.target = EGG_ON_CONTEXT;
    country.name = "country";
    country.self = &geo;
    country.get = get_country;
    must(host->add_property(host, &country), "ctx.country");

    egg_method method{};
    method.size = sizeof method;
    method.target = EGG_ON_APPLICATION;
    method.self = &geo;
    method.name = "geoLookup";
    method.invoke = geo_lookup;
    must(host->add_method(host, &method), "app.geoLookup");
    method.name = "geoReload";
    method.invoke = geo_reload;
    must(host->add_method(host, &method), "app.geoReload");

    egg_directory directory{};
    directory.size = sizeof directory;
    directory.path = "app/geo";
    directory.match = "*.csv";
    directory.self = &geo;
    directory.loaded = loaded;
    must(host->add_directory(host, &directory), "app/geo");

    geo.interface.size = sizeof geo.interface;
    geo.interface.self = &geo;
    geo.interface.country = interface_country;
    must(host->publish(host, GEO_INTERFACE_ID, &geo.interface), "the interface");
}

void add_route(Geo &geo, const char *path, egg_step (*handler)(void *, egg_call)) {
    const egg_handler handlers[] = {{&geo, handler}};
    egg_route route{};
    route.size = sizeof route;
    route.methods = text("GET");
    route.path = text(path);
    route.handler_count = 1;
    route.handlers = handlers;
    egg_str message{};
    if (geo.router->add_route(geo.host, &route, &message) != EGG_OK)
        throw std::runtime_error(std::string(view(message)));
}

egg_step on_phase(void *self, egg_phase phase, egg_call call) {
    auto &geo = *static_cast<Geo *>(self);
    return egg::guarded(geo.host, call, [&]() -> egg_step {
        egg_value configured{};
        switch (phase) {
        case EGG_PHASE_REGISTER:
            register_all(geo);
            break;
        case EGG_PHASE_CONFIG_DID_LOAD:
            if (geo.host->config(geo.host, text("geo.unknown"), &configured) == EGG_OK &&
                configured.kind == EGG_STRING)
                geo.unknown = std::string(view(configured));
            break;
        case EGG_PHASE_LOAD:
            add_route(geo, "/geo/echo", echo_route);
            add_route(geo, "/geo/:address", address_route);
            break;
        default: // also phases that a later kernel adds
            break;
        }
        return EGG_STEP_DONE;
    });
}

}  // namespace

// ---- the entry ----------------------------------------------------------------------------------

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    if (std::strcmp(plugin_id, "geo-cpp") != 0) return nullptr;
    try {
        auto geo = std::make_unique<Geo>();
        geo->host = host;
        geo->http = static_cast<const egg_http *>(host->query(host, EGG_HTTP_ID));
        geo->loop = static_cast<const egg_loop *>(host->query(host, EGG_LOOP_ID));
        geo->router = static_cast<const egg_router *>(host->query(host, EGG_ROUTER_ID));
        geo->upgrade = static_cast<const egg_upgrade *>(host->query(host, EGG_UPGRADE_ID));
        if (geo->http == nullptr || geo->loop == nullptr || geo->router == nullptr) return nullptr;
        geo->plugin.size = sizeof geo->plugin;
        geo->plugin.abi_major = EGG_ABI_MAJOR;
        geo->plugin.abi_minor = EGG_ABI_MINOR;
        geo->plugin.id = "geo-cpp";
        geo->plugin.self = geo.get();
        geo->plugin.on_phase = on_phase;
        return &geo.release()->plugin; // lives as long as the process
    } catch (...) {
        return nullptr;
    }
}

// egg.hpp - a few small C++ wrappers around the plugin headers. They show the idea: what
// must happen exactly once is done by a destructor, and no exception leaves us.
#pragma once

#include "egg_plugin.h"

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace egg {

inline egg_str text(std::string_view view) { return {view.data(), view.size()}; }
inline std::string_view view(egg_str text) { return {text.ptr, text.len}; }

// The text of a value, or nothing when it is of another kind.
inline std::string_view view(const egg_value &value) {
    if (value.kind != EGG_STRING) return {};
    return {value.as.string, value.count};
}

// A value that points into `text`, which must live as long.
inline egg_value value(std::string_view text) {
    egg_value result{};
    result.kind = EGG_STRING;
    result.count = static_cast<uint32_t>(text.size());
    result.as.string = text.data();
    return result;
}

inline egg_error error(std::string_view code, std::string_view message, int status = 500) {
    egg_error result{};
    result.size = sizeof result;
    result.http_status = status;
    result.code = text(code);
    result.message = text(message);
    return result;
}

// A call that somebody waits for. It is settled once: by finish or fail, or, when it is
// forgotten, by the destructor, so that no request hangs. Only on the loop's thread.
class Call {
public:
    Call(const egg_host *host, egg_call token) : host_(host), token_(token) {}
    Call(Call &&other) noexcept
        : host_(other.host_), token_(std::exchange(other.token_, egg_call{0})) {}
    Call &operator=(Call &&) = delete;
    ~Call() {
        if (token_.token != 0) fail(error("GEO_FORGOTTEN", "the plugin forgot its call"));
    }

    egg_call token() const { return token_; }
    egg_step finish(const egg_value *value = nullptr) {
        return host_->finish(host_, std::exchange(token_, egg_call{0}), value);
    }
    egg_step fail(const egg_error &error) {
        return host_->fail(host_, std::exchange(token_, egg_call{0}), &error);
    }

private:
    const egg_host *host_;
    egg_call token_;
};

// Bytes that many connections share: one reference, given back by the destructor.
class Buffer {
public:
    Buffer(const egg_host *host, const egg_upgrade *upgrade, std::string_view bytes)
        : upgrade_(upgrade), buffer_(upgrade->buffer(host, text(bytes))) {}
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() {
        if (buffer_ != nullptr) upgrade_->release_buffer(buffer_);
    }
    explicit operator bool() const { return buffer_ != nullptr; }
    egg_buffer *get() const { return buffer_; }

private:
    const egg_upgrade *upgrade_;
    egg_buffer *buffer_;
};

// Runs `body` and turns an exception into a failed call. Every function that the kernel
// calls and that settles something has this around it.
template <typename Body>
egg_step guarded(const egg_host *host, egg_call call, Body body) noexcept {
    try {
        return body();
    } catch (const std::exception &problem) {
        const egg_error failure = error("GEO_EXCEPTION", problem.what());
        return host->fail(host, call, &failure);
    } catch (...) {
        const egg_error failure = error("GEO_EXCEPTION", "something that is no std::exception");
        return host->fail(host, call, &failure);
    }
}

// The same for functions that answer nothing.
template <typename Body>
void guarded(const egg_host *host, Body body) noexcept {
    try {
        body();
    } catch (const std::exception &problem) {
        host->log(host, {0}, EGG_LOG_ERROR, text(problem.what()), nullptr);
    } catch (...) {
        host->log(host, {0}, EGG_LOG_ERROR, text("an unknown exception"), nullptr);
    }
}

}  // namespace egg

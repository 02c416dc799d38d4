//! An Egg plugin in Rust without any crate. It counts requests and shows
//!
//! - a middleware around the rest of the chain     "counter" sets x-request-count
//! - a property and methods of app and ctx         app.counter, app.count(n), ctx.countSince
//! - listeners of the application's events         "response", "error"
//! - the interface of another plugin               com.example.geo/1, when geo-cpp is there
//! - a repeating timer                             writes the counts to the log
//! - a streaming response with back-pressure       GET /counter/stream/:lines
//!
//! A panic must not leave a function that the kernel calls: each goes through
//! `guarded`, which turns it into a failed call.

mod egg;

use egg::{Call, Handler, Host, Outcome, Pair, Status, Step, Str, Value, DONE, NO_CALL};
use std::collections::BTreeMap;
use std::ffi::{c_char, c_void, CStr};
use std::mem::size_of;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{null, null_mut};

#[used]
#[link_section = ".note.egg.plugin"]
static MANIFEST: egg::Note<512> = egg::Note::new(concat!(
    r#"{"egg": 1, "id": "counter-rust", "version": "1.0.0","#,
    r#" "abi": {"major": 1, "min": 0, "built": 0},"#,
    r#" "needs": ["egg.http/1", "egg.loop/1", "egg.app/1", "egg.router/1"],"#,
    r#" "optionalDependencies": ["geo-cpp"],"#,
    r#" "routes": {"prefix": "/counter"},"#,
    r#" "provides": {"middleware": ["counter"],"#,
    r#" "application": ["counter", "count"], "context": ["countSince"]}}"#,
));

/// What geo-cpp publishes; see `geo_interface.h` there.
#[repr(C)]
struct GeoInterface {
    size: u32,
    reserved: u32,
    this: *mut c_void,
    country: unsafe extern "C" fn(*mut c_void, Str) -> Str,
}

/// Everything we know. The kernel calls us on one thread, so plain fields will do.
struct Counter {
    plugin: egg::Plugin,
    host: &'static Host,
    http: &'static egg::Http,
    timers: &'static egg::Loop,
    app: &'static egg::App,
    router: &'static egg::Router,
    geo: Option<&'static GeoInterface>,
    requests: i64,
    responses: i64,
    errors: i64,
    countries: BTreeMap<String, i64>,
    timer: u64,
    /// What `app.counter` points to; it must outlive the function that answers.
    report: Vec<Pair>,
    report_countries: Vec<Pair>,
}

/// The plugin behind the `self` pointer of a table.
///
/// # Safety
/// `this` is the pointer that was given to the kernel, and no other reference is alive:
/// nothing below keeps one while it calls the kernel in a way that could call us.
unsafe fn counter<'a>(this: *mut c_void) -> &'a mut Counter {
    &mut *this.cast::<Counter>()
}

/// Runs `body`; a panic becomes a failed call.
fn guarded(host: &Host, call: Call, body: impl FnOnce() -> Step) -> Step {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        let error = egg::Error::new("COUNTER_PANIC", "the plugin panicked; see standard error");
        unsafe { (host.fail)(host, call, &error) }
    })
}

/// The same for functions that settle nothing.
fn guarded_quietly(host: &Host, body: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(body)).is_err() {
        let text = Str::of("counter-rust panicked; see standard error");
        unsafe { (host.log)(host, NO_CALL, 3, text, null()) }
    }
}

// ---- the middleware -------------------------------------------------------------------

unsafe extern "C" fn handle(this: *mut c_void, call: Call) -> Step {
    let counter = counter(this);
    let host = counter.host;
    guarded(host, call, || {
        counter.requests += 1;
        count_country(counter, call);
        unsafe { (host.next)(host, call, Some(after), this) }
    })
}

fn count_country(counter: &mut Counter, call: Call) {
    let Some(geo) = counter.geo else { return };
    // Zero is a valid value of every field; the size says which version we know.
    let mut request: egg::Request = unsafe { std::mem::zeroed() };
    request.size = size_of::<egg::Request>() as u32;
    if unsafe { (counter.http.request)(counter.host, call, &mut request) } != egg::OK {
        return;
    }
    let country = unsafe { (geo.country)(geo.this, request.remote_address).bytes() };
    let country = String::from_utf8_lossy(country).into_owned();
    *counter.countries.entry(country).or_insert(0) += 1;
}

/// The inner layers have ended, well or not.
unsafe extern "C" fn after(call: Call, state: *mut c_void, outcome: *const Outcome) -> Step {
    let counter = counter(state);
    let (host, http) = (counter.host, counter.http);
    guarded(host, call, || unsafe {
        let text = counter.requests.to_string();
        (http.set_header)(host, call, Str::of("x-request-count"), Str::of(&text));
        if (*outcome).kind == egg::OUTCOME_FAILED {
            return (host.fail)(host, call, (*outcome).error);
        }
        DONE
    })
}

// ---- app.counter, app.count(n), ctx.countSince ------------------------------------------

unsafe extern "C" fn get_counter(this: *mut c_void, _: Call, out: *mut Value) -> Status {
    let counter = counter(this);
    let body = || {
        let pair = |key: &str, value| Pair { key: Str::of(key), value };
        counter.report_countries = counter
            .countries
            .iter()
            .map(|(country, count)| Pair { key: Str::of(country), value: Value::int(*count) })
            .collect();
        counter.report = vec![
            pair("requests", Value::int(counter.requests)),
            pair("responses", Value::int(counter.responses)),
            pair("errors", Value::int(counter.errors)),
            pair("countries", Value::map(&counter.report_countries)),
        ];
        unsafe { *out = Value::map(&counter.report) };
    };
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(()) => egg::OK,
        Err(_) => egg::E_FAILED,
    }
}

/// Adds to the count and answers the new one.
unsafe extern "C" fn count(
    this: *mut c_void,
    call: Call,
    args: *const Value,
    count: u32,
    result: *mut Value,
) -> Step {
    let counter = counter(this);
    guarded(counter.host, call, || {
        let first = (count > 0).then(|| unsafe { *args });
        let more = first.and_then(|value| value.as_int()).unwrap_or(1);
        // An overflow is an error of the caller's, not of ours.
        counter.requests = counter.requests.saturating_add(more);
        unsafe { *result = Value::int(counter.requests) };
        DONE
    })
}

unsafe extern "C" fn count_since(
    this: *mut c_void,
    call: Call,
    args: *const Value,
    count: u32,
    result: *mut Value,
) -> Step {
    let counter = counter(this);
    guarded(counter.host, call, || {
        let first = (count > 0).then(|| unsafe { *args });
        let since = first.and_then(|value| value.as_int()).unwrap_or(0);
        unsafe { *result = Value::int(counter.requests.saturating_sub(since)) };
        DONE
    })
}

// ---- GET /counter/stream/:lines -------------------------------------------------------------

/// A response in the making. It is freed in `closed`, which comes exactly once.
struct Lines {
    host: &'static Host,
    http: &'static egg::Http,
    next: u64,
    last: u64,
}

impl Lines {
    /// Writes until everything is written or the client can't keep up.
    fn go_on(&mut self, stream: u64) {
        while self.next <= self.last {
            let line = format!("line {} of {}\n", self.next, self.last);
            self.next += 1;
            match unsafe { (self.http.stream_write)(self.host, stream, Str::of(&line)) } {
                egg::OK => {}
                // Taken, but nothing more should come before `writable`.
                egg::E_AGAIN => return,
                // The client is gone; `closed` follows.
                _ => return,
            }
        }
        unsafe { (self.http.stream_end)(self.host, stream) };
    }
}

unsafe extern "C" fn go_on(this: *mut c_void, stream: u64) {
    let lines = &mut *this.cast::<Lines>();
    guarded_quietly(lines.host, || lines.go_on(stream));
}

unsafe extern "C" fn closed(this: *mut c_void, _complete: bool) {
    drop(Box::from_raw(this.cast::<Lines>()));
}

unsafe extern "C" fn stream_route(this: *mut c_void, call: Call) -> Step {
    let counter = counter(this);
    let (host, http) = (counter.host, counter.http);
    guarded(host, call, || unsafe {
        let mut text = Str::EMPTY;
        (http.param)(host, call, Str::of("lines"), &mut text);
        let lines = std::str::from_utf8(text.bytes()).ok().and_then(|text| text.parse().ok());
        let Some(last) = lines.filter(|lines| *lines <= 1_000_000) else {
            (http.set_status)(host, call, 400);
            let body = Str::of(r#"{"error":"expected up to 1000000 lines"}"#);
            (http.set_response)(host, call, egg::BODY_JSON, body);
            return DONE;
        };
        let lines = Box::into_raw(Box::new(Lines { host, http, next: 1, last }));
        let source = egg::StreamSource {
            size: size_of::<egg::StreamSource>() as u32,
            flags: 0,
            length: -1,
            this: lines.cast(),
            start: go_on,
            writable: Some(go_on),
            closed,
        };
        let text = Str::of("text/plain; charset=utf-8");
        (http.set_header)(host, call, Str::of("content-type"), text);
        if (http.set_response_stream)(host, call, &source) != egg::OK {
            closed(lines.cast(), false); // refused: still ours
        }
        DONE
    })
}

// ---- events and the timer ---------------------------------------------------------------------

unsafe extern "C" fn heard_response(this: *mut c_void, _: Call, _: *const Value) {
    counter(this).responses += 1;
}

unsafe extern "C" fn heard_error(this: *mut c_void, _: Call, _: *const Value) {
    counter(this).errors += 1;
}

unsafe extern "C" fn flush(this: *mut c_void) {
    let counter = counter(this);
    guarded_quietly(counter.host, || {
        let text = format!("{} requests, {} errors", counter.requests, counter.errors);
        unsafe { (counter.host.log)(counter.host, NO_CALL, 1, Str::of(&text), null()) };
    });
}

// ---- the phases -----------------------------------------------------------------------------------

fn register(counter: &mut Counter, this: *mut c_void) -> Result<(), &'static str> {
    let host = counter.host;
    let middleware = egg::Middleware {
        size: size_of::<egg::Middleware>() as u32,
        flags: 0,
        name: c"counter".as_ptr(),
        this,
        make: 0,
        handle,
        handle_run: 0,
    };
    let property = egg::Property {
        size: size_of::<egg::Property>() as u32,
        flags: 0,
        target: egg::ON_APPLICATION,
        reserved: 0,
        name: c"counter".as_ptr(),
        this,
        get: get_counter,
        set: 0,
    };
    let mut method = egg::Method {
        size: size_of::<egg::Method>() as u32,
        flags: egg::METHOD_IMMEDIATE,
        target: egg::ON_APPLICATION,
        reserved: 0,
        name: c"count".as_ptr(),
        this,
        invoke: count,
    };
    // The structs are copied; the names, functions and `this` stay for ever.
    let good = unsafe {
        let mut good = (host.add_middleware)(host, &middleware) == egg::OK
            && (host.add_property)(host, &property) == egg::OK
            && (host.add_method)(host, &method) == egg::OK;
        method.target = egg::ON_CONTEXT;
        method.name = c"countSince".as_ptr();
        method.invoke = count_since;
        good = good && (host.add_method)(host, &method) == egg::OK;
        let on = counter.app.on;
        good && on(host, Str::of("response"), heard_response, this) == egg::OK
            && on(host, Str::of("error"), heard_error, this) == egg::OK
    };
    good.then_some(()).ok_or("a registration was refused; see the lines before this")
}

fn add_route(counter: &Counter, this: *mut c_void) -> Result<(), &'static str> {
    let handlers = [Handler { instance: this, handle: stream_route }];
    let route = egg::Route {
        size: size_of::<egg::Route>() as u32,
        flags: 0,
        name: Str::EMPTY,
        methods: Str::of("GET"),
        path: Str::of("/counter/stream/:lines"),
        file: Str::EMPTY,
        line: 0,
        handler_count: 1,
        handlers: handlers.as_ptr(),
        controller: Str::EMPTY,
    };
    let mut message = Str::EMPTY;
    let status = unsafe { (counter.router.add_route)(counter.host, &route, &mut message) };
    (status == egg::OK).then_some(()).ok_or("the route was refused; see the lines before this")
}

fn start_timer(counter: &mut Counter, this: *mut c_void) {
    let host = counter.host;
    let mut every = Value::UNDEFINED;
    let found = unsafe { (host.config)(host, Str::of("counter.flushMs"), &mut every) };
    let every = if found == egg::OK { every.as_int().unwrap_or(5000) } else { 5000 };
    let every = every.max(1) as u64;
    unsafe { (counter.timers.timer)(host, every, every, flush, this, &mut counter.timer) };
}

unsafe extern "C" fn on_phase(this: *mut c_void, phase: i32, call: Call) -> Step {
    let counter = counter(this);
    let host = counter.host;
    guarded(host, call, || {
        let result = match phase {
            egg::PHASE_REGISTER => register(counter, this),
            egg::PHASE_LOAD => add_route(counter, this),
            // Every unit has registered by now, so what is published can be asked for.
            egg::PHASE_DID_LOAD => unsafe {
                let geo = (host.query)(host, c"com.example.geo/1".as_ptr());
                counter.geo = geo.cast::<GeoInterface>().as_ref();
                Ok(())
            },
            egg::PHASE_DID_READY => {
                start_timer(counter, this);
                Ok(())
            }
            egg::PHASE_BEFORE_CLOSE => {
                unsafe { (counter.timers.cancel_timer)(host, counter.timer) };
                Ok(())
            }
            // Also phases that a later kernel adds.
            _ => Ok(()),
        };
        match result {
            Ok(()) => DONE,
            Err(message) => {
                let error = egg::Error::new("COUNTER_START", message);
                unsafe { (host.fail)(host, call, &error) }
            }
        }
    })
}

// ---- the entry -----------------------------------------------------------------------------------

/// The only exported function.
///
/// # Safety
/// Called by the kernel with a table that lives as long as the process.
#[no_mangle]
pub unsafe extern "C" fn egg_plugin_entry_v1(
    host: *const Host,
    plugin_id: *const c_char,
) -> *const egg::Plugin {
    if CStr::from_ptr(plugin_id) != c"counter-rust" {
        return null();
    }
    catch_unwind(|| make(&*host)).ok().flatten().unwrap_or(null())
}

unsafe fn make(host: &'static Host) -> Option<*const egg::Plugin> {
    unsafe fn table<T>(host: &'static Host, id: &CStr) -> Option<&'static T> {
        (host.query)(host, id.as_ptr()).cast::<T>().as_ref()
    }
    // The manifest needs all of them; a stricter host may lack one, then we decline.
    let counter = Box::into_raw(Box::new(Counter {
        plugin: egg::Plugin {
            size: size_of::<egg::Plugin>() as u32,
            abi_major: 1,
            abi_minor: 0,
            id: c"counter-rust".as_ptr(),
            this: null_mut(),
            on_phase,
        },
        host,
        http: table(host, c"egg.http/1")?,
        timers: table(host, c"egg.loop/1")?,
        app: table(host, c"egg.app/1")?,
        router: table(host, c"egg.router/1")?,
        geo: None,
        requests: 0,
        responses: 0,
        errors: 0,
        countries: BTreeMap::new(),
        timer: 0,
        report: Vec::new(),
        report_countries: Vec::new(),
    }));
    // It lives as long as the process.
    (*counter).plugin.this = counter.cast();
    Some(&raw const (*counter).plugin)
}

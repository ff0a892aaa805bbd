//! A team of worker threads for parallel loops. Loops are microseconds long, so workers watch for the next one before they sleep.
//! It knows nothing of what it runs, and no thread of it outlives it.
#![allow(unsafe_code)]

use crate::cpu::im2col;
use std::any::Any;
use std::cell::Cell;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a worker watches for the next loop before it sleeps; waking a sleeper costs about as much.
const WATCH: Duration = Duration::from_micros(30);

/// A team of threads. The thread that calls [`run`](Pool::run) is one of them.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Signals `loops` or `stop` to sleeping workers.
    work: Condvar,
    /// Signals the end of a worker's help to callers.
    done: Condvar,
    /// Counts the loops begun, so that workers can watch without the lock.
    begun: AtomicUsize,
    /// Callers that sleep until the last helper of their loop is done.
    waiting: AtomicUsize,
    /// Workers that have taken their memory.
    ready: AtomicUsize,
}

struct State {
    loops: Vec<Loop>,
    sleeping: usize,
    stop: bool,
}

/// Points to a loop on its caller's stack. It is in `State::loops` only while the caller is in `run`.
#[derive(Clone, Copy, PartialEq)]
struct Loop(*const Body);

// SAFETY: what it points to is shared between threads by design: all of its fields are Sync.
unsafe impl Send for Loop {}

struct Body {
    /// The caller's closure, its lifetime erased; alive until the caller has seen `helpers == 0`.
    task: *const (dyn Fn(usize) + Sync),
    tasks: usize,
    next: AtomicUsize,
    /// Workers inside; raised only under the lock, while the loop is listed.
    helpers: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// A team of `threads`, the caller included: starts `threads - 1` workers, or fewer if the system gives no more. They have the
    /// memory that they keep between loops when this returns.
    pub fn new(threads: usize) -> Pool {
        let state = Mutex::new(State { loops: Vec::with_capacity(16), sleeping: 0, stop: false });
        let [begun, waiting, ready] = [0; 3].map(AtomicUsize::new);
        let shared = Arc::new(Shared { state, work: Condvar::new(), done: Condvar::new(), begun, waiting, ready });
        let workers = (1..threads).map_while(|i| {
            let shared = shared.clone();
            std::thread::Builder::new().name(format!("tvmtrt-{i}")).spawn(move || shared.worker()).ok()
        });
        let workers: Vec<JoinHandle<()>> = workers.collect();
        while shared.ready.load(Acquire) < workers.len() {
            std::thread::yield_now();
        }
        Pool { workers, shared }
    }

    /// Number of threads that can be at work at once, the caller included.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `task(i)` once for each `i` in `0..tasks`, on any thread, and returns when all are done.
    ///
    /// A panic in a task ends the loop early and is raised again here. Inside a task, a further `run` stays on its thread.
    /// Several threads may call at once; they share the workers.
    pub fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        if tasks <= 1 || self.workers.is_empty() || INSIDE.get() {
            return (0..tasks).for_each(task);
        }
        // SAFETY: only the lifetime changes; `finish` returns after the last use by any other thread.
        let task: *const (dyn Fn(usize) + Sync + 'static) = unsafe { std::mem::transmute(task as *const (dyn Fn(usize) + Sync)) };
        let body = Body { task, tasks, next: AtomicUsize::new(0), helpers: AtomicUsize::new(0), panic: Mutex::new(None) };
        self.shared.begin(Loop(&body));
        body.work();
        self.shared.finish(Loop(&body), &body);
        if let Some(panic) = lock(&body.panic).take() {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.shared.state).stop = true;
        self.shared.begun.fetch_add(1, Release);
        self.shared.work.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches every panic of a task, so there is nothing to report.
            let _ = worker.join();
        }
    }
}

impl Body {
    /// Runs tasks until none is left.
    fn work(&self) {
        INSIDE.set(true);
        loop {
            let i = self.next.fetch_add(1, Relaxed);
            if i >= self.tasks {
                break;
            }
            // SAFETY: the caller keeps the closure alive until no thread is in here.
            let task = unsafe { &*self.task };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| task(i))) {
                self.next.store(self.tasks, Relaxed);
                lock(&self.panic).get_or_insert(panic);
            }
        }
        INSIDE.set(false);
    }
}

impl Shared {
    fn begin(&self, new: Loop) {
        let mut state = lock(&self.state);
        state.loops.push(new);
        self.begun.fetch_add(1, Release);
        let sleeping = state.sleeping;
        drop(state);
        if sleeping > 0 {
            self.work.notify_all();
        }
    }

    /// Takes the loop off the list, so that no worker enters any more, and waits for those inside.
    fn finish(&self, this: Loop, body: &Body) {
        lock(&self.state).loops.retain(|&l| l != this);
        let since = Instant::now();
        while body.helpers.load(Acquire) > 0 {
            if since.elapsed() < WATCH {
                (0..16).for_each(|_| spin_loop());
                continue;
            }
            // A helper lowers `helpers`, then reads `waiting`; this raises `waiting`, then reads `helpers`: one sees the other.
            self.waiting.fetch_add(1, SeqCst);
            let mut state = lock(&self.state);
            while body.helpers.load(SeqCst) > 0 {
                state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            self.waiting.fetch_sub(1, SeqCst);
        }
    }

    fn worker(&self) {
        im2col::reserve();
        self.ready.fetch_add(1, Release);
        while let Some(Loop(body)) = self.next_loop() {
            // SAFETY: `next_loop` raised `helpers` while the loop was listed, so its caller waits until it is lowered.
            let body = unsafe { &*body };
            body.work();
            // From here on `body` may be gone.
            body.helpers.fetch_sub(1, SeqCst);
            if self.waiting.load(SeqCst) > 0 {
                drop(lock(&self.state));
                self.done.notify_all();
            }
        }
    }

    /// Enters a loop that has tasks left; `None` when the pool is dropped.
    fn next_loop(&self) -> Option<Loop> {
        let mut seen;
        loop {
            seen = self.begun.load(Acquire);
            if let Some(found) = self.enter(&lock(&self.state)) {
                return found;
            }
            let since = Instant::now();
            while self.begun.load(Relaxed) == seen && since.elapsed() < WATCH {
                (0..16).for_each(|_| spin_loop());
            }
            let mut state = lock(&self.state);
            while self.begun.load(Acquire) == seen {
                state.sleeping += 1;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.sleeping -= 1;
            }
        }
    }

    /// `Some(None)`: stop. `None`: nothing to do.
    fn enter(&self, state: &State) -> Option<Option<Loop>> {
        for &Loop(body) in &state.loops {
            // SAFETY: a listed loop is alive, and cannot be taken off the list while the lock is held.
            let body_ref = unsafe { &*body };
            if body_ref.next.load(Relaxed) < body_ref.tasks {
                body_ref.helpers.fetch_add(1, Relaxed);
                return Some(Some(Loop(body)));
            }
        }
        state.stop.then_some(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn each_task_runs_once() {
        for threads in [0, 1, 2, 3, 8] {
            let pool = Pool::new(threads);
            for tasks in [0, 1, 2, 7, 1000] {
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                pool.run(tasks, &|i| {
                    counts[i].fetch_add(1, Relaxed);
                });
                assert!(counts.iter().all(|c| c.load(Relaxed) == 1), "{threads} threads, {tasks} tasks");
            }
        }
    }

    #[test]
    fn nested_and_concurrent_loops_finish() {
        let (pool, sum) = (Pool::new(3), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..300 {
                        pool.run(5, &|_| {
                            pool.run(3, &|j| {
                                sum.fetch_add(j as u64, Relaxed);
                            })
                        });
                    }
                });
            }
        });
        assert_eq!(sum.load(Relaxed), 4 * 300 * 5 * 3);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(3);
        for round in 0..50 {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pool.run(8, &|i| {
                    if i == round % 8 {
                        panic!("task {i}");
                    }
                })
            }));
            let message = *caught.expect_err("a task panics").downcast::<String>().expect("with a message");
            assert_eq!(message, format!("task {}", round % 8));
            let count = AtomicUsize::new(0);
            pool.run(8, &|_| {
                count.fetch_add(1, Relaxed);
            });
            assert_eq!(count.load(Relaxed), 8);
        }
    }
}

"""Shows that the coroutine check rejects each pattern and lets the safe forms pass."""
import sys

from coroutines import hazards

REJECTED = (
    ('G1', 'aw<> f() { if (co_await g()) h(); }'),
    ('G1', 'aw<> f() { while (co_await next(a, b)) h(); }'),
    ('G1', 'aw<> f() { switch (co_await g()) { default: break; } }'),
    ('G1', 'aw<> f() { if (ready && co_await g()) h(); }'),
    ('G2', 'aw<> f() { co_await get(u, opts{.a = x}); }'),
    ('G2', 'aw<> f() { auto r = co_await get(u, opts{x, y}); }'),
    ('G3', 'aw<> f() { co_await each(urls, [name](auto& u) { visit(u); }); }'),
    ('G3', 'aw<> f() { co_await each(urls, [s = std::move(s)] { use(s); }); }'),
    ('G3', 'aw<> f() { co_await each(urls, [=](int) { visit(u); }); }'),
    ('G3', 'aw<> f() { co_await [t]() -> aw<> { use(t); }(); }'),
    ('G4', 'aw<> f() { co_await get(u, {.a = x}); }'),
    ('G4', 'aw<> f() { co_await get(u, params({{"q", "x"}})); }'),
    ('G4', 'aw<> f() { std::vector<int> v{x, co_await y()}; }'),
    ('G4', 'aw<> f() { p q = pair_of{co_await y()}; }'),
    ('G5', 'aw<> f() { T t = c ? co_await a() : b(); }'),
    ('G5', 'aw<> f() { co_await a(c ? T("a") : T("b")); }'),
    ('G6', 'aw<> f() { throw E((co_await m()).text); }'),
)
ACCEPTED = (
    'aw<> f() { const bool ok = co_await g(); if (ok) h(); }',
    'aw<> f() { if (auto n = co_await f(); n > 0) h(); }',
    'aw<> f() { while (auto line = co_await peer.read_line()) h(); }',
    'aw<> f() { co_await get(u, params("q", q), timeout(5s)); }',
    'aw<> f() { auto op = get(u, {.a = x}); co_await std::move(op); }',
    'aw<> f() { for (auto& x : co_await all()) { use(x); } }',
    'aw<> f() { try { co_await g(); } catch (const error&) { failed = true; } }',
    'aw<> f() { auto work = [](std::string s) -> aw<int> { co_return co_await g(s); }; co_await work(s); }',
    'aw<> f() { if (x) { co_await g(); } else { co_await h(); } }',
    '// co_await get(u, {1})\naw<> f() { co_await g("{ ? : }"); }',
)

bad = [f'not rejected as {name}: {code}' for name, code in REJECTED if name not in {n for _, n in hazards(code)}]
bad += [f'rejected as {found}: {code}' for code in ACCEPTED if (found := hazards(code))]
print('\n'.join(bad) or f'{len(REJECTED) + len(ACCEPTED)} forms')
sys.exit(bool(bad))

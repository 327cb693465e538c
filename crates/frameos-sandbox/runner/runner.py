"""Starts an agent inside the sandbox: takes the request from descriptor 3, loads the entry point, calls its handler if
it has one, and reports on descriptor 4 in JSON lines. Everything here runs beside hostile code and is trusted with
nothing: it only makes honest agents comfortable."""

import _ast
import builtins
import os
import sys

# Only what the interpreter has loaded or built in anyhow: a `json` that nobody asked for would double the time of a
# short run. It is imported when needed.

REQUEST = 3
REPORT = 4
ROOT = "/agent"
# How deep a result may be nested, and how long its integers may be: what any reader of JSON takes.
NESTING_MAX = 100
INTEGER_BITS_MAX = 1023
# What one call of `ctx.charge` may count, and how many calls are counted.
COUNT_MAX = 1_000_000_000
CHARGES_MAX = 100_000
show_error = sys.__excepthook__


def decode(text):
    """json.loads, without its imports where this interpreter lets us."""
    try:
        from _json import make_scanner

        class Plain:
            strict, object_hook, object_pairs_hook = True, None, None
            parse_float, parse_int, parse_constant, memo = float, int, float, {}

        return make_scanner(Plain)(text, 0)[0]
    except Exception:
        import json

        return json.loads(text)


def encode(value):
    """json.dumps(value, allow_nan=False, ensure_ascii=False), likewise."""

    def unknown(item):
        raise TypeError(f"Object of type {type(item).__name__} is not JSON serializable")

    try:
        from _json import encode_basestring, make_encoder

        encoder = make_encoder({}, unknown, encode_basestring, None, ": ", ", ", False, False, False)
    except Exception:
        import json

        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    return "".join(encoder(value, 0))


def report(message):
    send(encode(message))


def utf8(text):
    """Halves of surrogate pairs are joined where they meet and replaced where they do not: readers refuse them."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def flaw(value):
    """What is wrong with a result that could be encoded; None when nothing is."""
    level = [value]
    for _ in range(NESTING_MAX + 1):
        inner = []
        for item in level:
            if isinstance(item, int):
                if item.bit_length() > INTEGER_BITS_MAX:
                    return "a number in it is too large"
            elif isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, (list, tuple)):
                inner.extend(item)
        if not inner:
            return None
        level = inner
    return f"it is nested deeper than {NESTING_MAX} levels"


def send(text):
    line = utf8(text + "\n")
    try:
        while line:
            line = line[os.write(REPORT, line):]
    except OSError:
        pass  # Nobody listens any more.


def first_line(text):
    return str(text).split("\n", 1)[0][:1000]


def describe(error):
    """The error's kind and first line: enough to act on, short enough to show."""
    try:
        text = first_line(error)
    except BaseException:  # An error that raises when asked.
        text = ""
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def leave(code):
    """Ends the process now, whatever threads still run."""
    flush()
    os._exit(code & 0xFF)


def leave_program(code=None):
    raise SystemExit(code)


def say(text):
    try:
        print(text, file=sys.stderr)
    except Exception:
        pass  # The agent closed it.


def fail(message):
    report({"type": "error", "message": message})
    say(message)
    leave(1)


def exit_code(error):
    """What sys.exit(x) means."""
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    say(code)
    return 1


def tell(error):
    """Reports what the agent raised, then prints its traceback without the frames of this file. In this order, because an
    agent may have left nothing to print with: descriptors, memory, stderr."""
    report({"type": "error", "message": describe(error)})
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == tell.__code__.co_filename:
        trace = trace.tb_next
    try:
        # The interpreter's own way needs no import. It prefers the traceback that the error holds.
        show_error(type(error), error.with_traceback(trace), trace)
    except BaseException:
        pass


def guarded(node):
    """`if __name__ == "__main__":`"""
    return (
        isinstance(node, _ast.If)
        and isinstance(node.test, _ast.Compare)
        and isinstance(node.test.left, _ast.Name)
        and node.test.left.id == "__name__"
    )


def handler_arguments(tree):
    """How many arguments a top-level `main` wants as a handler, or 0 when the file is a plain program."""
    found = 0
    for node in tree.body:
        if isinstance(node, (_ast.FunctionDef, _ast.AsyncFunctionDef)) and node.name == "main":
            arguments = node.args
            names = [a.arg for a in arguments.posonlyargs + arguments.args]
            required = len(names) - len(arguments.defaults)
            if required not in (1, 2) or any(d is None for d in arguments.kw_defaults):
                found = 0
            elif required == 1 and names[0] in ("argv", "args") and any(guarded(n) for n in tree.body):
                found = 0  # A program's main(sys.argv).
            else:
                found = min(len(names), 2) if not arguments.vararg else 2
    return found


def charger(meter):
    """Counts what the run's price is made of; gives what is left of its maximum. Whoever counts for real sits outside."""
    counts = {}
    calls = 0

    def charge(event, count=1):
        nonlocal calls
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= COUNT_MAX:
            raise ValueError(f"ctx.charge: the count must be a whole number from 0 to {COUNT_MAX}")
        if meter is None:
            return float("inf")
        if not isinstance(event, str) or event not in meter["events"]:
            raise ValueError(f"ctx.charge: the manifest's pricing declares no event {event!r}")
        if count > 0:
            if calls >= CHARGES_MAX:
                raise ValueError(f"ctx.charge: more than {CHARGES_MAX} calls; count several at once")
            calls += 1
            report({"type": "charge", "event": event, "count": count})
            counts[event] = counts.get(event, 0) + count
        spent = meter["start"] + sum(counted * meter["events"][name] for name, counted in counts.items())
        return max(0, meter["limit"] - spent)

    return charge


def context(request):
    execution_id = request["execution_id"]
    # The run's own identity; None where there is nobody to show it to.
    token = dict(request["env"]).get("FRAMEOS_EXECUTION_TOKEN")

    def log(*message, level="info"):
        # Told as an event for whoever watches, and written to stderr, which is what is kept.
        text = " ".join(map(str, message))
        report({"type": "log", "level": str(level), "message": text})
        print(text, file=sys.stderr, flush=True)

    def progress(fraction, message=""):
        report({"type": "progress", "fraction": float(fraction), "message": str(message)})

    return type(sys.implementation)(
        execution_id=execution_id,
        executionId=execution_id,
        token=token,
        log=log,
        progress=progress,
        charge=charger(request.get("meter")),
    )


def load(code, name, file):
    module = type(sys)(name)
    module.__file__ = file
    module.__builtins__ = builtins
    sys.modules[name] = module
    exec(code, module.__dict__)
    return module


def run_handler(code, file, arguments, request):
    report({"type": "form", "handler": True})
    try:
        module = load(code, os.path.splitext(os.path.basename(file))[0], file)
        values = (decode(request["inputs"]), context(request))[:arguments]
        result = module.main(*values)
        if hasattr(result, "__await__"):
            import asyncio

            result = asyncio.run(awaited(result))
    except SystemExit as error:
        leave(exit_code(error))
    except BaseException as error:
        tell(error)
        leave(1)
    try:
        text = encode(result)
    except (TypeError, ValueError, RecursionError) as error:
        fail(f"the handler's result is not JSON-serialisable: {describe(error)}")
    if len(text) > request["outputs_max"] or len(utf8(text)) > request["outputs_max"]:
        fail(f"the handler's result is larger than {request['outputs_max']} bytes")
    found = flaw(result)
    if found:
        fail(f"the handler's result cannot be used: {found}")
    flush()
    send('{"type": "outputs", "value": ' + text + "}")
    leave(0)


async def awaited(value):
    return await value


def run_program(code, file):
    """As `python file` would: exceptions, exit codes and lingering threads included."""
    try:
        load(code, "__main__", file)
    except SystemExit as error:
        sys.exit(exit_code(error))
    except BaseException as error:
        tell(error)
        sys.exit(1)


def warm_up():
    """Has the interpreter do once what every run does, says so, and leaves the waiting to the read of the request."""
    decode(encode({"a": ["1"]}))
    compile(compile("def main(inputs, ctx):\n    return {}\n", "warm", "exec", _ast.PyCF_ONLY_AST), "warm", "exec")
    send('{"type":"ready"}')


def main():
    if sys.argv[1:] == ["warm"]:
        warm_up()
    with open(REQUEST, encoding="utf-8") as stream:
        request = decode(stream.read())
    # Code that came after the start is not where the start was.
    os.chdir(ROOT)
    os.set_inheritable(REPORT, False)
    for name, value in request["env"]:
        os.environ[name] = value
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    # What `site` would add.
    builtins.exit = builtins.quit = leave_program

    entrypoint = request["entrypoint"]
    file = os.path.normpath(os.path.join(ROOT, entrypoint))
    sys.argv = [file]
    folder = os.path.dirname(file)
    sys.path[0:0] = [folder] if folder == ROOT else [folder, ROOT]
    try:
        with open(file, "rb") as source:
            text = source.read()
    except OSError as error:
        fail(f"entry point {entrypoint} cannot be read: {error.strerror}")
    try:
        tree = compile(text, file, "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
        arguments = handler_arguments(tree)
        code = compile(text, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        error.__traceback__ = None
        tell(error)
        leave(1)
    if arguments:
        run_handler(code, file, arguments, request)
    else:
        run_program(code, file)


main()

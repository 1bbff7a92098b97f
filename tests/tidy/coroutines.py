"""Finds the expressions with `co_await` that g++ 12 miscompiles: it destroys temporaries twice, or
puts the condition over the resume pointer. clang is right in all cases."""
import re

REASONS = {
    'G1': 'co_await in the condition: name the result first',
    'G2': 'an aggregate temporary beside co_await: use a type with a constructor, or name it first',
    'G3': 'a capturing lambda temporary beside co_await: name it first',
    'G4': 'braces around or beside co_await: name the list or the operation first',
    'G5': 'co_await beside a ternary: use if and else',
    'G6': 'throw of an expression with co_await: name the result first',
}


def blank(text):
    """The code with comments and literals blanked, offsets kept."""
    def spaces(match):
        return re.sub(r'[^\n]', ' ', match.group(0))
    text = re.sub(r'R"(\w*)\(.*?\)\1"', spaces, text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*|/\*.*?\*/', spaces, text, flags=re.S)


def closing(text, start, pair):
    """The offset of the bracket that closes the one at `start`."""
    depth = 0
    for i in range(start, len(text)):
        if text[i] == pair[0]:
            depth += 1
        elif text[i] == pair[1]:
            depth -= 1
            if depth == 0:
                return i
    return len(text)


def full_expression(code, at):
    """The statement around offset `at`: back to the last `;`, `{` or `}` that is not inside of it, on to
    the `;` that ends it."""
    start = max(code.rfind(c, 0, at) for c in ';{}') + 1
    depth, end = 0, at
    while end < len(code):
        c = code[end]
        if c in '([{':
            depth += 1
        elif c in ')]}':
            depth -= 1
            if depth < 0 and c == '}':
                break
        elif c == ';' and depth <= 0:
            break
        end += 1
    return start, end


LAMBDA = re.compile(r'\[\s*(?:[A-Za-z_=][^\[\]]*)\]\s*(?:\([^()]*\)\s*)?(?:mutable\s*)?(?:noexcept\s*)?(?:->\s*[\w:<>, ]+\s*)?\{')
NO_CAPTURE_LAMBDA = re.compile(r'\[\s*\]\s*(?:\([^()]*\)\s*)?(?:->\s*[\w:<>, ]+\s*)?\{')


def without_lambda_bodies(expression):
    """Lambda bodies are functions of their own: blanked, the head kept."""
    out = expression
    for pattern in (LAMBDA, NO_CAPTURE_LAMBDA):
        at = 0
        while (match := pattern.search(out, at)):
            open_at = match.end() - 1
            end = closing(out, open_at, '{}')
            out = out[:open_at] + ' ' * (end + 1 - open_at) + out[end + 1:]
            at = match.end()
    return out


def hazards(text):
    """The (line, name) of each hazard in a C++ source."""
    code = blank(text)
    found = set()
    for match in re.finditer(r'\bco_await\b', code):
        at = match.start()
        line = code.count('\n', 0, at) + 1
        for keyword in re.finditer(r'\b(?:if|while|switch) (?=\()', code[max(0, at - 400):at]):
            start = max(0, at - 400) + keyword.end()
            end = closing(code, start, '()')
            inside = code[start + 1:end]
            # A variable that the condition itself declares is safe.
            if start < at < end and not re.match(r'\s*(?:const )?(?:auto|bool|std::)', inside):
                found.add((line, 'G1'))
        start, end = full_expression(code, at)
        whole = code[start:end]
        if LAMBDA.search(code[at:end]):
            found.add((line, 'G3'))
        expression = without_lambda_bodies(whole)
        rest = without_lambda_bodies(code[at:end])
        if re.search(r'[(,]\s*\{', rest):
            found.add((line, 'G4'))
        elif re.search(r'\w\s*\{', rest):
            found.add((line, 'G2'))
        before = code[:at].rstrip()
        opener = before.rfind('{')
        if opener >= 0 and ';' not in before[opener:] and '}' not in before[opener:] and \
                re.search(r'(?:\b\w+|>)\s*$', before[:opener]) and \
                not re.search(r'\b(?:else|do|try)\s*$|[)]\s*$', before[:opener]) and \
                not re.search(r'->\s*[\w:<>, ]+$', before[:opener]):
            found.add((line, 'G4'))
        if '?' in expression and re.search(r'\?[^;]*:', expression):
            found.add((line, 'G5'))
        if re.match(r'\s*throw\b', whole):
            found.add((line, 'G6'))
    return sorted(found)

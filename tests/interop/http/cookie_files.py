"""cookie_files.py read FILE: prints the cookies of a cookies.txt, one a line, as MozillaCookieJar
reads them. cookie_files.py write FOLDER: makes cookies.txt and cookies.lwp there."""
import sys
import urllib.request
from email.message import Message
from http.cookiejar import Cookie, LWPCookieJar, MozillaCookieJar


def cookie(name, value, domain, path='/', secure=False, expires=None, rest=None):
    return Cookie(0, name, value, None, False, domain, domain.startswith('.'),
                  domain.startswith('.'), path, True, secure, expires, expires is None, None, None,
                  rest or {})


command, where = sys.argv[1:]
if command == 'read':
    jar = MozillaCookieJar()
    jar.load(where, ignore_discard=True, ignore_expires=True)
    for c in jar:
        print(c.name, c.value, c.domain, c.path, c.secure, c.expires)
else:
    for kind, name in ((MozillaCookieJar, 'cookies.txt'), (LWPCookieJar, 'cookies.lwp')):
        jar = kind()
        jar.set_cookie(cookie('a', '1', '.example.com', '/x', True, 2000000000))
        jar.set_cookie(cookie('b', 'x "y" \\z', 'h.example'))
        jar.save(where + '/' + name, ignore_discard=True)

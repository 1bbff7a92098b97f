"""Tasks of celery_app.py's worker for what only a C++ client asks; ferry's example worker does not have them."""
from celery.exceptions import Ignore

from celery_app import app


@app.task(name='client.request', bind=True)
def request(self, *args, **kwargs):
    """All that the task is told of its call."""
    return dict(vars(self.request))


@app.task(name='client.fail_by_hand', bind=True)
def fail_by_hand(self, meta):
    self.update_state(state='FAILURE', meta=meta)
    raise Ignore()

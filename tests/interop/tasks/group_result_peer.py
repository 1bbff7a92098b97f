"""What Celery's GroupResult says of the calls with these ids: group_result_peer.py BACKEND ID..."""
import sys

from celery import Celery
from celery.result import GroupResult

app = Celery('peer', backend=sys.argv[1])
group = GroupResult('group', [app.AsyncResult(i) for i in sys.argv[2:]])
print(group.ready(), group.waiting(), group.successful(), group.failed(), group.completed_count(),
      *(r.state for r in group.results))

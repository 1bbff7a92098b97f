"""Says when Celery's schedules are due: lines {"kind", "fields" | "interval", "relative" | "event", "last"} -> times."""
import json
import sys
from datetime import datetime, timedelta, timezone

from celery import Celery
from celery.schedules import crontab, schedule, solar

app = Celery("peer", set_as_current=False)
app.conf.timezone = "UTC"


def made(row, last):
    if row["kind"] == "crontab":
        minute, hour, day, month, weekday = row["fields"].split()
        return crontab(minute, hour, day_of_month=day, month_of_year=month, day_of_week=weekday, app=app)
    if row["kind"] == "every":
        return schedule(timedelta(seconds=row["interval"]), relative=row["relative"], app=app)
    return solar(row["event"], row["latitude"], row["longitude"], app=app)


for line in sys.stdin:
    row = json.loads(line)
    last = datetime.fromisoformat(row["last"])
    when = made(row, last)
    when.nowfun = lambda: last
    due = last + when.remaining_estimate(last)
    print(due.astimezone(timezone.utc).isoformat())

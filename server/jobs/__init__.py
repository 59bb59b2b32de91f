"""Jobs are what is done for each tenant again and again, on a schedule of its own."""

from server.jobs.beside import Beside
from server.jobs.counts import Count
from server.jobs.cron import cron_fault, next_after
from server.jobs.kinds import JOBS, Job
from server.jobs.running import Jobs
from server.jobs.waking import Scheduler, Waking

__all__ = [
    "JOBS",
    "Beside",
    "Count",
    "Job",
    "Jobs",
    "Scheduler",
    "Waking",
    "cron_fault",
    "next_after",
]

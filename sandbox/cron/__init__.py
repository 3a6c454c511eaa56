"""The schedules of plugins: ``cronSchedule`` in UTC, on a clock that can be moved.

``cron_expression`` computes the runs of an expression, without I/O. ``cron_scheduler`` calls the functions at
these times, with the event that EventBridge sends. ``schedule_routes`` shows the next runs and moves the clock.
"""

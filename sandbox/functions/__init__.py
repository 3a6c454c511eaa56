"""Lambda on this machine: one artifact, one event, one answer, with Lambda's limits.

``service.FunctionService`` is the entry point. It unpacks a ZIP, starts a process for it (``environments``) with the
runtime client that Lambda itself uses (``clients``), gives it events through Lambda's Runtime API on loopback, and
returns an ``invocation.Invocation`` with the answer, the log and a report.

Knows nothing of BioT: the local BioT and ``biot-plugin invoke`` pass BioT's variables in.
"""

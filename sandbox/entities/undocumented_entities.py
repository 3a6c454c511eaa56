"""What BioT's documents leave open about entities, decided in one place until it can be checked with a real tenant.

If you know better, change it here; values apply from the next start.

- One API call notifies of one action: the start of a command of ``_start``, not also of ``_create``; an update that
  clears an alert of ``_clear`` instead of ``_update``. ``PATCH /device/v2/devices/{id}/status`` notifies of nothing.
- In a PATCH, null removes an attribute, and a removed attribute with a default gets it again; the owner stays. An
  object such as ``_address`` is replaced as a whole.
- A template without ``customAttributes`` takes any custom attribute; one with them takes these and no others.
- An organization belongs to itself. Its primary administrator gets the template ``organization_user``.
- Deleting a device or patient deletes its alerts, sessions and commands, and takes a patient or registration code from
  its devices. Deleting an organization keeps what belongs to it.
- A cleared alert cannot be opened again, and a session that is DONE stays DONE.
- No device answers: a session started by remote control is ACTIVE at once, a paused one PAUSED; a command is
  IN_PROGRESS until it is stopped.
- People are not accounts: nobody is invited, ``_canLogin`` has no effect, and ``/self`` finds the caller only if an
  entity has the caller's id.
- ``includeReferencers`` and ``x-execution-mode`` are accepted and have no effect.
- Whoever has ``PROTECTED_API`` sees and changes everything: BioT's attribute-based access control is not modelled.
"""

from __future__ import annotations

COMMAND_TIMEOUT_SECONDS = 300
"""``_timeoutInSeconds`` of a command: BioT takes it from the template."""
COMMANDS_STOP = True
"""``_supportStop`` of a command: BioT takes it from the template."""
MEASUREMENT_INTERVAL_MILLISECONDS = 0
"""``_requiredMeasurementIntervalMilliseconds`` of a session: BioT takes it from the template."""
PATIENTS_CAN_LOG_IN = False
"""``_canLogin`` of a patient whose request leaves it out: BioT takes it from the template."""

"""What ``biot-plugin inspect`` shows of a finished artifact, as text and as one HTML page.

Never changes an artifact.
"""

"""plan(), publish(), rollback(): the stages in order, nothing else. Beside pipeline.py, which builds."""

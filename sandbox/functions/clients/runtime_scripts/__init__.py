"""Scripts that run inside an execution environment, under the interpreter of the function. Not imported by the kit."""

// Starts aws-lambda-ric 4, which reads the handler from the environment by itself.
import "./index.mjs";

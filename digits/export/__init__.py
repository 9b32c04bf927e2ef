"""A trained network in a page for the browser, or as an ONNX model."""

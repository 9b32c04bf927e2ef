"""Export a trained network as a web page or as an ONNX model."""

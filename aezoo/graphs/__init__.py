"""A model's functions as ONNX graphs whose weights stay in `model.safetensors`.

`export` makes them from a Keras model; the files here from `check` down read them, with numpy
alone:

    export       all graphs of a model, compared with Keras'
    conversion   a TensorFlow graph as an ONNX graph; operations/ has the table
    tracing      a function of a Keras model as a TensorFlow graph
    builder      an ONNX graph while it grows
    facts        what graphs say about a model
    check        whether a graph may be run
    operators    the operators that one may hold, and the shapes of what they give
    onnx_file    a graph as bytes; protobuf, how bytes become fields
    graph        a graph as an object
"""

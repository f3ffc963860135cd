/** Dies while it starts: what a function with a missing module or a wrong setting does. */
throw new Error('broken: this function always fails to start')

export {}

import MaxIR

// operand_f16: what is multiplied lies in workgroup memory as float16: half the memory, and half the loads from it.

enable f16;

alias Operand = vec4h;
alias Number = f16;

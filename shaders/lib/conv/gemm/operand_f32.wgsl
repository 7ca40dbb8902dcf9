// operand_f32: what is multiplied lies in workgroup memory as float32.

alias Operand = vec4f;
alias Number = f32;

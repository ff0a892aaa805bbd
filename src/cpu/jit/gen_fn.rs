//! One function while it is made: its arguments, the values known when it is called, loops, and calls of host functions.
//! What is computed inside the loops is no matter here.

use crate::cpu::jit::host;
use crate::cpu::jit::rep::flags;
use crate::loops::BufferId;
use crate::tensor::dim::Dim;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, ExtFuncData, ExternalName, FuncRef, InstBuilder, Signature, Type, UserExternalName, Value, types,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use std::collections::HashMap;

/// A function while it is made. Its arguments are (buffers, params, outer begin, outer end, inner begin, inner end).
pub struct Gen<'a> {
    /// Where instructions go.
    pub b: FunctionBuilder<'a>,
    /// Begin and end of the outer and of the inner range.
    pub ranges: [Value; 4],
    /// Multiply-add is one instruction.
    pub fused: bool,
    /// Dims that are read from the parameters, in their order.
    pub params: Vec<Dim>,
    dims: HashMap<Dim, Value>,
    buffers: HashMap<BufferId, Value>,
    host: HashMap<usize, FuncRef>,
    /// Identifiers of the host functions in the module, in the order of [`host::ALL`].
    host_ids: &'a [u32],
    call_conv: CallConv,
    exit: Block,
}

/// The function's signature.
pub fn signature(call_conv: CallConv) -> Signature {
    let mut signature = Signature::new(call_conv);
    signature.params = vec![AbiParam::new(types::I64); 6];
    signature
}

impl<'a> Gen<'a> {
    /// Begins a function over these buffers and dims.
    pub fn new(
        mut b: FunctionBuilder<'a>,
        buffers: &[BufferId],
        dims: &[Dim],
        host_ids: &'a [u32],
        call_conv: CallConv,
        fused: bool,
    ) -> Gen<'a> {
        let (entry, exit) = (b.create_block(), b.create_block());
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        let args = b.block_params(entry).to_vec();
        let pointers = buffers.iter().map(|id| {
            let p = b.ins().load(types::I64, flags(), args[0], 8 * id.0 as i32);
            (*id, p)
        });
        let pointers: HashMap<BufferId, Value> = pointers.collect();
        let (mut params, mut values): (Vec<Dim>, HashMap<Dim, Value>) = (Vec::new(), HashMap::new());
        for dim in dims {
            values.entry(dim.clone()).or_insert_with(|| match dim.as_const() {
                Some(v) => b.ins().iconst(types::I64, v),
                None => {
                    params.push(dim.clone());
                    b.ins().load(types::I64, flags(), args[1], 8 * (params.len() as i32 - 1))
                }
            });
        }
        let ranges = [args[2], args[3], args[4], args[5]];
        let mut g = Gen { b, ranges, fused, params, dims: values, buffers: pointers, host: HashMap::new(), host_ids, call_conv, exit };
        // Empty ranges end at once: what is computed ahead of a loop may read memory.
        for [begin, end] in [[ranges[0], ranges[1]], [ranges[2], ranges[3]]] {
            let go = g.b.create_block();
            let some = g.b.ins().icmp(IntCC::SignedLessThan, begin, end);
            g.b.ins().brif(some, go, [], exit, []);
            g.b.switch_to_block(go);
        }
        g
    }

    /// Ends the function; gives the dims that its parameters are.
    pub fn finish(mut self, config: cranelift_codegen::isa::TargetFrontendConfig) -> Vec<Dim> {
        self.b.ins().jump(self.exit, []);
        self.b.switch_to_block(self.exit);
        self.b.ins().return_(&[]);
        self.b.seal_all_blocks();
        self.b.finalize(config);
        self.params
    }

    /// Address of a buffer's first element.
    pub fn buffer(&self, id: BufferId) -> Value {
        self.buffers[&id]
    }

    /// Value of a dim that was announced.
    pub fn dim(&mut self, dim: &Dim) -> Value {
        match dim.as_const() {
            Some(v) => self.b.ins().iconst(types::I64, v),
            None => self.dims[dim],
        }
    }

    /// `v * dim * size`, with the cheap cases cheap.
    pub fn scaled(&mut self, v: Value, dim: &Dim, size: usize) -> Value {
        match dim.as_const() {
            Some(1) if size.is_power_of_two() => self.b.ins().ishl_imm_u(v, i64::from(size.trailing_zeros())),
            Some(c) => self.b.ins().imul_imm_s(v, c.wrapping_mul(size as i64)),
            None => {
                let d = self.dims[dim];
                let scaled = self.b.ins().imul(v, d);
                self.b.ins().imul_imm_s(scaled, size as i64)
            }
        }
    }

    /// A loop `for (i = begin; i < end; i += step)` that carries values; gives them as they are at the end.
    pub fn looped(
        &mut self,
        begin: Value,
        end: Value,
        step: i64,
        carried: &[Value],
        body: &mut dyn FnMut(&mut Self, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let (head, inside, after) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let i = self.b.append_block_param(head, types::I64);
        let values = self.params_like(head, carried);
        let results = self.params_like(after, carried);
        let first: Vec<BlockArg> = std::iter::once(begin).chain(carried.iter().copied()).map(BlockArg::Value).collect();
        self.b.ins().jump(head, &first);
        self.b.switch_to_block(head);
        let more = self.b.ins().icmp(IntCC::SignedLessThan, i, end);
        let out: Vec<BlockArg> = values.iter().copied().map(BlockArg::Value).collect();
        self.b.ins().brif(more, inside, [], after, &out);
        self.b.switch_to_block(inside);
        let next = body(self, i, &values);
        let i = self.b.ins().iadd_imm_s(i, step);
        let again: Vec<BlockArg> = std::iter::once(i).chain(next).map(BlockArg::Value).collect();
        self.b.ins().jump(head, &again);
        self.b.switch_to_block(after);
        results
    }

    /// Parameters of a block with the types of some values.
    pub fn params_like(&mut self, block: Block, values: &[Value]) -> Vec<Value> {
        let types: Vec<Type> = values.iter().map(|v| self.b.func.dfg.value_type(*v)).collect();
        types.into_iter().map(|ty| self.b.append_block_param(block, ty)).collect()
    }

    /// The largest end of a range from `begin` that is not past `end` and whole steps long.
    pub fn whole_steps(&mut self, begin: Value, end: Value, step: i64) -> Value {
        let length = self.b.ins().isub(end, begin);
        let whole = self.b.ins().band_imm_s(length, -step);
        self.b.ins().iadd(begin, whole)
    }

    /// The loop over all axes of `extents` counted as one, from `ranges[0]` to `ranges[1]`; `body` gets each axis's index.
    pub fn outer_loop(&mut self, extents: &[Dim], body: &mut dyn FnMut(&mut Self, &[Value])) {
        let [begin, end, ..] = self.ranges;
        if extents.len() <= 1 {
            self.looped(begin, end, 1, &[], &mut |g, i, _| {
                let index = if extents.is_empty() { vec![] } else { vec![i] };
                body(g, &index);
                Vec::new()
            });
            return;
        }
        let extents: Vec<Value> = extents.iter().map(|d| self.dim(d)).collect();
        let mut index = vec![begin; extents.len()];
        let mut rest = begin;
        for k in (1..extents.len()).rev() {
            index[k] = self.b.ins().urem(rest, extents[k]);
            rest = self.b.ins().udiv(rest, extents[k]);
        }
        index[0] = rest;
        self.looped(begin, end, 1, &index, &mut |g, _, index| {
            body(g, index);
            g.next_index(index, &extents)
        });
    }

    /// The index that follows, row-major.
    fn next_index(&mut self, index: &[Value], extents: &[Value]) -> Vec<Value> {
        let mut next = index.to_vec();
        let last = index.len() - 1;
        next[last] = self.b.ins().iadd_imm_s(index[last], 1);
        let zero = self.b.ins().iconst(types::I64, 0);
        for k in (1..index.len()).rev() {
            let wraps = self.b.ins().icmp(IntCC::Equal, next[k], extents[k]);
            let carried = self.b.ins().iadd_imm_s(next[k - 1], 1);
            next[k - 1] = self.b.ins().select(wraps, carried, next[k - 1]);
            next[k] = self.b.ins().select(wraps, zero, next[k]);
        }
        next
    }

    /// Calls a host function on scalars.
    pub fn call(&mut self, name: &str, args: &[Value]) -> Value {
        let id = host::find(name);
        let function = match self.host.get(&id) {
            Some(f) => *f,
            None => self.import(id),
        };
        let call = self.b.ins().call(function, args);
        self.b.inst_results(call)[0]
    }

    fn import(&mut self, id: usize) -> FuncRef {
        let f = &host::ALL[id];
        let signature = host_signature(f, self.call_conv);
        let signature = self.b.import_signature(signature);
        let name = UserExternalName { namespace: 0, index: self.host_ids[id] };
        let name = ExternalName::user(self.b.func.declare_imported_user_function(name));
        let function = self.b.import_function(ExtFuncData { name, signature, colocated: false, patchable: false });
        self.host.insert(id, function);
        function
    }
}

/// Signature of a host function.
pub fn host_signature(f: &host::HostFn, call_conv: CallConv) -> Signature {
    let ty = match f.kind {
        'd' => types::F64,
        'f' => types::F32,
        _ => types::I64,
    };
    let mut signature = Signature::new(call_conv);
    signature.params = vec![AbiParam::new(ty); f.arity];
    signature.returns = vec![AbiParam::new(ty)];
    signature
}

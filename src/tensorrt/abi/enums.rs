//! Values of TensorRT's enums in each version.
//! Written by tools/abi from TensorRT's public headers; not to be edited by hand.

use crate::tensorrt::abi::values::enums;

enums! {
    APILanguage {
        Cpp = "kCPP" [3 0]
        Python = "kPYTHON" [3 1]
    }
    ActivationType {
        Relu = "kRELU" [0 0]
        Sigmoid = "kSIGMOID" [0 1]
        Tanh = "kTANH" [0 2]
        LeakyRelu = "kLEAKY_RELU" [0 3]
        Elu = "kELU" [0 4]
        Selu = "kSELU" [0 5]
        Softsign = "kSOFTSIGN" [0 6]
        Softplus = "kSOFTPLUS" [0 7]
        Clip = "kCLIP" [0 8]
        HardSigmoid = "kHARD_SIGMOID" [0 9]
        ScaledTanh = "kSCALED_TANH" [0 10]
        ThresholdedRelu = "kTHRESHOLDED_RELU" [0 11]
        GeluErf = "kGELU_ERF" [3 12]
        GeluTanh = "kGELU_TANH" [3 13]
    }
    AllocatorFlag {
        Resizable = "kRESIZABLE" [0 0]
    }
    AttentionIOForm {
        PaddedBhnd = "kPADDED_BHND" [18 0, 21 !, 23 0]
        PackedNhd = "kPACKED_NHD" [18 1, 21 !, 23 1]
    }
    AttentionNormalizationOp {
        None = "kNONE" [15 0]
        Softmax = "kSOFTMAX" [15 1]
    }
    BoundingBoxFormat {
        CornerPairs = "kCORNER_PAIRS" [0 0]
        CenterSizes = "kCENTER_SIZES" [0 1]
    }
    BuilderFlag {
        Fp16 = "kFP16" [0 0, 18 !, 21 0, 23 !]
        Int8 = "kINT8" [0 1, 18 !, 21 1, 23 !]
        Debug = "kDEBUG" [0 2]
        GpuFallback = "kGPU_FALLBACK" [0 3]
        StrictTypes = "kSTRICT_TYPES" [0 4, 3 !]
        Refit = "kREFIT" [0 5, 3 4]
        DisableTimingCache = "kDISABLE_TIMING_CACHE" [0 6, 3 5]
        Tf32 = "kTF32" [0 7, 3 6]
        SparseWeights = "kSPARSE_WEIGHTS" [0 8, 3 7]
        SafetyScope = "kSAFETY_SCOPE" [0 9, 3 8]
        ObeyPrecisionConstraints = "kOBEY_PRECISION_CONSTRAINTS" [0 10, 3 9, 18 !, 21 9, 23 !]
        PreferPrecisionConstraints = "kPREFER_PRECISION_CONSTRAINTS" [0 11, 3 10, 18 !, 21 10, 23 !]
        DirectIo = "kDIRECT_IO" [0 12, 3 11]
        RejectEmptyAlgorithms = "kREJECT_EMPTY_ALGORITHMS" [0 13, 3 12, 18 !, 21 12, 23 !]
        EnableTacticHeuristic = "kENABLE_TACTIC_HEURISTIC" [0 14, 3 !]
        VersionCompatible = "kVERSION_COMPATIBLE" [1 15, 3 13, 18 12, 21 13, 23 12]
        ExcludeLeanRuntime = "kEXCLUDE_LEAN_RUNTIME" [1 16, 3 14, 18 13, 21 14, 23 13]
        Fp8 = "kFP8" [1 17, 3 15, 18 !, 21 15, 23 !]
        ErrorOnTimingCacheMiss = "kERROR_ON_TIMING_CACHE_MISS" [3 16, 18 15, 21 16, 23 15]
        Bf16 = "kBF16" [3 17, 18 !, 21 17, 23 !]
        DisableCompilationCache = "kDISABLE_COMPILATION_CACHE" [3 18, 18 17, 21 18, 23 17]
        StripPlan = "kSTRIP_PLAN" [3 19, 18 18, 21 19, 23 18]
        Weightless = "kWEIGHTLESS" [3 19, 18 !, 21 19, 23 !]
        RefitIdentical = "kREFIT_IDENTICAL" [3 20, 18 19, 21 20, 23 19]
        WeightStreaming = "kWEIGHT_STREAMING" [3 21, 18 20, 21 21, 23 20]
        Int4 = "kINT4" [4 22, 18 !, 21 22, 23 !]
        RefitIndividual = "kREFIT_INDIVIDUAL" [5 23, 18 22, 21 23, 23 22]
        StrictNans = "kSTRICT_NANS" [8 24, 18 23, 21 24, 23 23]
        MonitorMemory = "kMONITOR_MEMORY" [8 25, 18 24, 21 25, 23 24]
        Fp4 = "kFP4" [10 26, 18 !, 21 26, 23 !]
        EditableTimingCache = "kEDITABLE_TIMING_CACHE" [10 27, 18 26, 21 27, 23 26]
        DistributiveIndependence = "kDISTRIBUTIVE_INDEPENDENCE" [13 28, 18 27, 21 28, 23 27]
        RequireUserAllocation = "kREQUIRE_USER_ALLOCATION" [23 28]
    }
    CalibrationAlgoType {
        LegacyCalibration = "kLEGACY_CALIBRATION" [0 0, 18 !]
        EntropyCalibration = "kENTROPY_CALIBRATION" [0 1, 18 !]
        EntropyCalibration2 = "kENTROPY_CALIBRATION_2" [0 2, 18 !]
        MinmaxCalibration = "kMINMAX_CALIBRATION" [0 3, 18 !]
    }
    CausalMaskKind {
        None = "kNONE" [18 0, 21 !, 23 0]
        UpperLeft = "kUPPER_LEFT" [18 1, 21 !, 23 1]
        LowerRight = "kLOWER_RIGHT" [18 2, 21 !, 23 2]
    }
    CollectiveOperation {
        AllReduce = "kALL_REDUCE" [17 0, 21 !, 22 0]
        AllGather = "kALL_GATHER" [17 1, 21 !, 22 1]
        Broadcast = "kBROADCAST" [17 2, 21 !, 22 2]
        Reduce = "kREDUCE" [17 3, 21 !, 22 3]
        ReduceScatter = "kREDUCE_SCATTER" [17 4, 21 !, 22 4]
        AllToAll = "kALL_TO_ALL" [18 5, 21 !, 23 5]
        Gather = "kGATHER" [18 6, 21 !, 23 6]
        Scatter = "kSCATTER" [18 7, 21 !, 23 7]
    }
    ComputeCapability {
        None = "kNONE" [21 0]
        Current = "kCURRENT" [21 1]
        Sm75 = "kSM75" [21 75]
        Sm80 = "kSM80" [21 80]
        Sm86 = "kSM86" [21 86]
        Sm89 = "kSM89" [21 89]
        Sm120 = "kSM120" [21 120]
        Sm121 = "kSM121" [23 121]
    }
    CudaGraphStrategy {
        Disabled = "kDISABLED" [21 0]
        WholeGraphCapture = "kWHOLE_GRAPH_CAPTURE" [21 1]
    }
    CumulativeOperation {
        Sum = "kSUM" [10 0]
    }
    DLAWorkspaceAllocationStrategy {
        Default = "kDEFAULT" [20 0, 21 !, 25 0]
        SharedStatic = "kSHARED_STATIC" [20 1, 21 !, 25 1]
    }
    DataType {
        Float = "kFLOAT" [0 0]
        Half = "kHALF" [0 1]
        Int8 = "kINT8" [0 2]
        Int32 = "kINT32" [0 3]
        Bool = "kBOOL" [0 4]
        Uint8 = "kUINT8" [0 5]
        Fp8 = "kFP8" [1 6]
        Bf16 = "kBF16" [3 7]
        Int64 = "kINT64" [3 8]
        Int4 = "kINT4" [3 9]
        Fp4 = "kFP4" [10 10]
        E8m0 = "kE8M0" [13 11]
    }
    DeviceType {
        Gpu = "kGPU" [0 0]
        Dla = "kDLA" [0 1]
    }
    DimensionOperation {
        Sum = "kSUM" [0 0]
        Prod = "kPROD" [0 1]
        Max = "kMAX" [0 2]
        Min = "kMIN" [0 3]
        Sub = "kSUB" [0 4]
        Equal = "kEQUAL" [0 5]
        Less = "kLESS" [0 6]
        FloorDiv = "kFLOOR_DIV" [0 7]
        CeilDiv = "kCEIL_DIV" [0 8]
    }
    DynamicShapesKernelSpecializationStrategy {
        Lazy = "kLAZY" [21 0]
        Eager = "kEAGER" [21 1]
        None = "kNONE" [21 2]
    }
    ElementWiseOperation {
        Sum = "kSUM" [0 0]
        Prod = "kPROD" [0 1]
        Max = "kMAX" [0 2]
        Min = "kMIN" [0 3]
        Sub = "kSUB" [0 4]
        Div = "kDIV" [0 5]
        Pow = "kPOW" [0 6]
        FloorDiv = "kFLOOR_DIV" [0 7]
        And = "kAND" [0 8]
        Or = "kOR" [0 9]
        Xor = "kXOR" [0 10]
        Equal = "kEQUAL" [0 11]
        Greater = "kGREATER" [0 12]
        Less = "kLESS" [0 13]
    }
    EngineCapability {
        Standard = "kSTANDARD" [0 0]
        Default = "kDEFAULT" [0 0, 3 !]
        Safety = "kSAFETY" [0 1]
        SafeGpu = "kSAFE_GPU" [0 1, 3 !]
        DlaStandalone = "kDLA_STANDALONE" [0 2]
        SafeDla = "kSAFE_DLA" [0 2, 3 !]
    }
    EngineInvalidityDiagnostics {
        VersionMismatch = "kVERSION_MISMATCH" [21 1]
        UnsupportedCc = "kUNSUPPORTED_CC" [21 2]
        OldCudaDriver = "kOLD_CUDA_DRIVER" [21 4]
        OldCudaRuntime = "kOLD_CUDA_RUNTIME" [21 8]
        InsufficientGpuMemory = "kINSUFFICIENT_GPU_MEMORY" [21 16]
        MalformedEngine = "kMALFORMED_ENGINE" [21 32]
        CudaError = "kCUDA_ERROR" [21 64]
    }
    EngineStat {
        TotalWeightsSize = "kTOTAL_WEIGHTS_SIZE" [15 0]
        StrippedWeightsSize = "kSTRIPPED_WEIGHTS_SIZE" [15 1]
    }
    EngineValidity {
        Valid = "kVALID" [21 0]
        Suboptimal = "kSUBOPTIMAL" [21 1]
        Invalid = "kINVALID" [21 2]
    }
    ErrorCode {
        Success = "kSUCCESS" [0 0]
        UnspecifiedError = "kUNSPECIFIED_ERROR" [0 1]
        InternalError = "kINTERNAL_ERROR" [0 2]
        InvalidArgument = "kINVALID_ARGUMENT" [0 3]
        InvalidConfig = "kINVALID_CONFIG" [0 4]
        FailedAllocation = "kFAILED_ALLOCATION" [0 5]
        FailedInitialization = "kFAILED_INITIALIZATION" [0 6]
        FailedExecution = "kFAILED_EXECUTION" [0 7]
        FailedComputation = "kFAILED_COMPUTATION" [0 8]
        InvalidState = "kINVALID_STATE" [0 9]
        UnsupportedState = "kUNSUPPORTED_STATE" [0 10]
    }
    ExecutionContextAllocationStrategy {
        Static = "kSTATIC" [3 0]
        OnProfileChange = "kON_PROFILE_CHANGE" [3 1]
        UserManaged = "kUSER_MANAGED" [3 2]
    }
    FillOperation {
        Linspace = "kLINSPACE" [0 0]
        RandomUniform = "kRANDOM_UNIFORM" [0 1]
        RandomNormal = "kRANDOM_NORMAL" [0 2]
    }
    GatherMode {
        Default = "kDEFAULT" [0 0]
        Element = "kELEMENT" [0 1]
        Nd = "kND" [0 2]
    }
    HardwareCompatibilityLevel {
        None = "kNONE" [1 0]
        AmperePlus = "kAMPERE_PLUS" [1 1]
        SameComputeCapability = "kSAME_COMPUTE_CAPABILITY" [11 2]
    }
    ILoggerSeverity {
        InternalError = "kINTERNAL_ERROR" [0 0]
        Error = "kERROR" [0 1]
        Warning = "kWARNING" [0 2]
        Info = "kINFO" [0 3]
        Verbose = "kVERBOSE" [0 4]
    }
    InterpolationMode {
        Nearest = "kNEAREST" [0 0]
        Linear = "kLINEAR" [0 1]
        Cubic = "kCUBIC" [0 2]
    }
    KVCacheMode {
        Linear = "kLINEAR" [16 0]
    }
    LayerInformationFormat {
        Oneline = "kONELINE" [0 0]
        Json = "kJSON" [0 1]
    }
    LayerType {
        Convolution = "kCONVOLUTION" [0 0]
        FullyConnected = "kFULLY_CONNECTED" [0 1, 3 !]
        Activation = "kACTIVATION" [0 2]
        Pooling = "kPOOLING" [0 3]
        Lrn = "kLRN" [0 4]
        Scale = "kSCALE" [0 5]
        Softmax = "kSOFTMAX" [0 6]
        Deconvolution = "kDECONVOLUTION" [0 7]
        Concatenation = "kCONCATENATION" [0 8]
        Elementwise = "kELEMENTWISE" [0 9]
        Plugin = "kPLUGIN" [0 10]
        Unary = "kUNARY" [0 11]
        Padding = "kPADDING" [0 12]
        Shuffle = "kSHUFFLE" [0 13]
        Reduce = "kREDUCE" [0 14]
        Topk = "kTOPK" [0 15]
        Gather = "kGATHER" [0 16]
        MatrixMultiply = "kMATRIX_MULTIPLY" [0 17]
        RaggedSoftmax = "kRAGGED_SOFTMAX" [0 18]
        Constant = "kCONSTANT" [0 19]
        RnnV2 = "kRNN_V2" [0 20, 3 !]
        Identity = "kIDENTITY" [0 21, 3 20]
        PluginV2 = "kPLUGIN_V2" [0 22, 3 21]
        Slice = "kSLICE" [0 23, 3 22]
        Shape = "kSHAPE" [0 24, 3 23]
        ParametricRelu = "kPARAMETRIC_RELU" [0 25, 3 24]
        Resize = "kRESIZE" [0 26, 3 25]
        TripLimit = "kTRIP_LIMIT" [0 27, 3 26]
        Recurrence = "kRECURRENCE" [0 28, 3 27]
        Iterator = "kITERATOR" [0 29, 3 28]
        LoopOutput = "kLOOP_OUTPUT" [0 30, 3 29]
        Select = "kSELECT" [0 31, 3 30]
        Fill = "kFILL" [0 32, 3 31]
        Quantize = "kQUANTIZE" [0 33, 3 32]
        Dequantize = "kDEQUANTIZE" [0 34, 3 33]
        Condition = "kCONDITION" [0 35, 3 34]
        ConditionalInput = "kCONDITIONAL_INPUT" [0 36, 3 35]
        ConditionalOutput = "kCONDITIONAL_OUTPUT" [0 37, 3 36]
        Scatter = "kSCATTER" [0 38, 3 37]
        Einsum = "kEINSUM" [0 39, 3 38]
        Assertion = "kASSERTION" [0 40, 3 39]
        OneHot = "kONE_HOT" [0 41, 3 40]
        NonZero = "kNON_ZERO" [0 42, 3 41]
        GridSample = "kGRID_SAMPLE" [0 43, 3 42]
        Nms = "kNMS" [0 44, 3 43]
        ReverseSequence = "kREVERSE_SEQUENCE" [1 45, 3 44]
        Normalization = "kNORMALIZATION" [1 46, 3 45]
        Cast = "kCAST" [1 47, 3 1]
        PluginV3 = "kPLUGIN_V3" [3 46]
        Squeeze = "kSQUEEZE" [9 47]
        Unsqueeze = "kUNSQUEEZE" [9 48]
        Cumulative = "kCUMULATIVE" [10 49]
        DynamicQuantize = "kDYNAMIC_QUANTIZE" [10 50]
        AttentionInput = "kATTENTION_INPUT" [15 51]
        AttentionOutput = "kATTENTION_OUTPUT" [15 52]
        RotaryEmbedding = "kROTARY_EMBEDDING" [16 53]
        KvcacheUpdate = "kKVCACHE_UPDATE" [16 54]
        Moe = "kMOE" [17 55, 21 !, 22 55]
        DistCollective = "kDIST_COLLECTIVE" [17 56, 21 !, 22 56]
    }
    LoopOutput {
        LastValue = "kLAST_VALUE" [0 0]
        Concatenate = "kCONCATENATE" [0 1]
        Reverse = "kREVERSE" [0 2]
    }
    MatrixOperation {
        None = "kNONE" [0 0]
        Transpose = "kTRANSPOSE" [0 1]
        Vector = "kVECTOR" [0 2]
    }
    MemoryPoolType {
        Workspace = "kWORKSPACE" [0 0]
        DlaManagedSram = "kDLA_MANAGED_SRAM" [0 1]
        DlaLocalDram = "kDLA_LOCAL_DRAM" [0 2]
        DlaGlobalDram = "kDLA_GLOBAL_DRAM" [0 3]
        TacticDram = "kTACTIC_DRAM" [1 4]
        TacticSharedMemory = "kTACTIC_SHARED_MEMORY" [3 5]
    }
    MoEActType {
        None = "kNONE" [17 0, 21 !, 22 0]
        Silu = "kSILU" [17 1, 21 !, 22 1]
    }
    NetworkDefinitionCreationFlag {
        ExplicitBatch = "kEXPLICIT_BATCH" [0 0, 18 !, 21 0, 23 !]
        ExplicitPrecision = "kEXPLICIT_PRECISION" [0 1, 3 !]
        StronglyTyped = "kSTRONGLY_TYPED" [3 1, 18 0, 21 1, 23 0]
        PreferJitPythonPlugins = "kPREFER_JIT_PYTHON_PLUGINS" [11 2, 18 1, 21 !]
        PreferAotPythonPlugins = "kPREFER_AOT_PYTHON_PLUGINS" [11 3, 18 2, 21 !]
    }
    OptProfileSelector {
        Min = "kMIN" [0 0]
        Opt = "kOPT" [0 1]
        Max = "kMAX" [0 2]
    }
    PaddingMode {
        ExplicitRoundDown = "kEXPLICIT_ROUND_DOWN" [0 0]
        ExplicitRoundUp = "kEXPLICIT_ROUND_UP" [0 1]
        SameUpper = "kSAME_UPPER" [0 2]
        SameLower = "kSAME_LOWER" [0 3]
        CaffeRoundDown = "kCAFFE_ROUND_DOWN" [0 4, 3 !]
        CaffeRoundUp = "kCAFFE_ROUND_UP" [0 5, 3 !]
    }
    PluginCapabilityType {
        Core = "kCORE" [3 0]
        Build = "kBUILD" [3 1]
        Runtime = "kRUNTIME" [3 2]
    }
    PluginCreatorVersion {
        V1 = "kV1" [3 0]
        V1Python = "kV1_PYTHON" [3 64]
    }
    PluginFieldType {
        Float16 = "kFLOAT16" [0 0]
        Float32 = "kFLOAT32" [0 1]
        Float64 = "kFLOAT64" [0 2]
        Int8 = "kINT8" [0 3]
        Int16 = "kINT16" [0 4]
        Int32 = "kINT32" [0 5]
        Char = "kCHAR" [0 6]
        Dims = "kDIMS" [0 7]
        Unknown = "kUNKNOWN" [0 8]
        Bf16 = "kBF16" [3 9]
        Int64 = "kINT64" [3 10]
        Fp8 = "kFP8" [3 11]
        Int4 = "kINT4" [4 12]
        Fp4 = "kFP4" [10 13]
    }
    PluginVersion {
        V2 = "kV2" [0 0]
        V2Ext = "kV2_EXT" [0 1]
        V2Ioext = "kV2_IOEXT" [0 2]
        V2Dynamicext = "kV2_DYNAMICEXT" [0 3]
        V2DynamicextPython = "kV2_DYNAMICEXT_PYTHON" [3 67]
    }
    PoolingType {
        Max = "kMAX" [0 0]
        Average = "kAVERAGE" [0 1]
        MaxAverageBlend = "kMAX_AVERAGE_BLEND" [0 2]
    }
    PreviewFeature {
        FasterDynamicShapes0805 = "kFASTER_DYNAMIC_SHAPES_0805" [0 0, 3 !]
        DisableExternalTacticSourcesForCore0805 = "kDISABLE_EXTERNAL_TACTIC_SOURCES_FOR_CORE_0805" [0 1, 3 !]
        ProfileSharing0806 = "kPROFILE_SHARING_0806" [1 2, 3 0, 18 !, 21 0, 23 !]
        AliasedPluginIo1003 = "kALIASED_PLUGIN_IO_10_03" [6 1, 18 0, 21 1, 23 0]
        RuntimeActivationResize1010 = "kRUNTIME_ACTIVATION_RESIZE_10_10" [12 2, 18 1, 21 2, 23 1]
        MultideviceRuntime1016 = "kMULTIDEVICE_RUNTIME_10_16" [17 3, 18 !, 22 3, 23 !]
    }
    ProfilingVerbosity {
        LayerNamesOnly = "kLAYER_NAMES_ONLY" [0 0]
        None = "kNONE" [0 1]
        Detailed = "kDETAILED" [0 2]
        Default = "kDEFAULT" [0 0, 3 !]
        Verbose = "kVERBOSE" [0 2, 3 !]
    }
    QuantizationFlag {
        CalibrateBeforeFusion = "kCALIBRATE_BEFORE_FUSION" [0 0, 18 !]
    }
    RNNDirection {
        Unidirection = "kUNIDIRECTION" [0 0, 3 !]
        Bidirection = "kBIDIRECTION" [0 1, 3 !]
    }
    RNNGateType {
        Input = "kINPUT" [0 0, 3 !]
        Output = "kOUTPUT" [0 1, 3 !]
        Forget = "kFORGET" [0 2, 3 !]
        Update = "kUPDATE" [0 3, 3 !]
        Reset = "kRESET" [0 4, 3 !]
        Cell = "kCELL" [0 5, 3 !]
        Hidden = "kHIDDEN" [0 6, 3 !]
    }
    RNNInputMode {
        Linear = "kLINEAR" [0 0, 3 !]
        Skip = "kSKIP" [0 1, 3 !]
    }
    RNNOperation {
        Relu = "kRELU" [0 0, 3 !]
        Tanh = "kTANH" [0 1, 3 !]
        Lstm = "kLSTM" [0 2, 3 !]
        Gru = "kGRU" [0 3, 3 !]
    }
    ReduceOperation {
        Sum = "kSUM" [0 0]
        Prod = "kPROD" [0 1]
        Max = "kMAX" [0 2]
        Min = "kMIN" [0 3]
        Avg = "kAVG" [0 4]
        None = "kNONE" [17 5, 21 !, 22 5]
    }
    ResizeCoordinateTransformation {
        AlignCorners = "kALIGN_CORNERS" [0 0]
        Asymmetric = "kASYMMETRIC" [0 1]
        HalfPixel = "kHALF_PIXEL" [0 2]
    }
    ResizeRoundMode {
        HalfUp = "kHALF_UP" [0 0]
        HalfDown = "kHALF_DOWN" [0 1]
        Floor = "kFLOOR" [0 2]
        Ceil = "kCEIL" [0 3]
    }
    ResizeSelector {
        Formula = "kFORMULA" [0 0]
        Upper = "kUPPER" [0 1]
    }
    RuntimePlatform {
        SameAsBuild = "kSAME_AS_BUILD" [5 0]
        WindowsAmd64 = "kWINDOWS_AMD64" [5 1]
    }
    SampleMode {
        StrictBounds = "kSTRICT_BOUNDS" [0 0]
        Default = "kDEFAULT" [0 0, 3 !]
        Wrap = "kWRAP" [0 1]
        Clamp = "kCLAMP" [0 2]
        Fill = "kFILL" [0 3]
        Reflect = "kREFLECT" [0 4]
    }
    ScaleMode {
        Uniform = "kUNIFORM" [0 0]
        Channel = "kCHANNEL" [0 1]
        Elementwise = "kELEMENTWISE" [0 2]
    }
    ScatterMode {
        Element = "kELEMENT" [0 0]
        Nd = "kND" [0 1]
    }
    SeekPosition {
        Set = "kSET" [9 0]
        Cur = "kCUR" [9 1]
        End = "kEND" [9 2]
    }
    SerializationFlag {
        ExcludeWeights = "kEXCLUDE_WEIGHTS" [3 0]
        ExcludeLeanRuntime = "kEXCLUDE_LEAN_RUNTIME" [3 1]
        IncludeRefit = "kINCLUDE_REFIT" [15 2]
    }
    TacticSource {
        Cublas = "kCUBLAS" [0 0, 18 !, 21 0, 23 !]
        CublasLt = "kCUBLAS_LT" [0 1, 18 !, 21 1, 23 !]
        Cudnn = "kCUDNN" [0 2, 18 !, 21 2, 23 !]
        EdgeMaskConvolutions = "kEDGE_MASK_CONVOLUTIONS" [0 3, 18 0, 21 3, 23 0]
        JitConvolutions = "kJIT_CONVOLUTIONS" [0 4, 18 1, 21 4, 23 1]
    }
    TempfileControlFlag {
        AllowInMemoryFiles = "kALLOW_IN_MEMORY_FILES" [1 0]
        AllowTemporaryFiles = "kALLOW_TEMPORARY_FILES" [1 1]
    }
    TensorFormat {
        Linear = "kLINEAR" [0 0]
        Chw2 = "kCHW2" [0 1]
        Hwc8 = "kHWC8" [0 2]
        Chw4 = "kCHW4" [0 3]
        Chw16 = "kCHW16" [0 4]
        Chw32 = "kCHW32" [0 5]
        Dhwc8 = "kDHWC8" [0 6]
        Cdhw32 = "kCDHW32" [0 7]
        Hwc = "kHWC" [0 8]
        DlaLinear = "kDLA_LINEAR" [0 9]
        DlaHwc4 = "kDLA_HWC4" [0 10]
        Hwc16 = "kHWC16" [0 11]
        Dhwc = "kDHWC" [1 12]
    }
    TensorIOMode {
        None = "kNONE" [0 0]
        Input = "kINPUT" [0 1]
        Output = "kOUTPUT" [0 2]
    }
    TensorLocation {
        Device = "kDEVICE" [0 0]
        Host = "kHOST" [0 1]
    }
    TensorRTPhase {
        Build = "kBUILD" [3 0]
        Runtime = "kRUNTIME" [3 1]
    }
    TilingOptimizationLevel {
        None = "kNONE" [10 0]
        Fast = "kFAST" [10 1]
        Moderate = "kMODERATE" [10 2]
        Full = "kFULL" [10 3]
    }
    TopKOperation {
        Max = "kMAX" [0 0]
        Min = "kMIN" [0 1]
    }
    TripLimit {
        Count = "kCOUNT" [0 0]
        While = "kWHILE" [0 1]
    }
    UnaryOperation {
        Exp = "kEXP" [0 0]
        Log = "kLOG" [0 1]
        Sqrt = "kSQRT" [0 2]
        Recip = "kRECIP" [0 3]
        Abs = "kABS" [0 4]
        Neg = "kNEG" [0 5]
        Sin = "kSIN" [0 6]
        Cos = "kCOS" [0 7]
        Tan = "kTAN" [0 8]
        Sinh = "kSINH" [0 9]
        Cosh = "kCOSH" [0 10]
        Asin = "kASIN" [0 11]
        Acos = "kACOS" [0 12]
        Atan = "kATAN" [0 13]
        Asinh = "kASINH" [0 14]
        Acosh = "kACOSH" [0 15]
        Atanh = "kATANH" [0 16]
        Ceil = "kCEIL" [0 17]
        Floor = "kFLOOR" [0 18]
        Erf = "kERF" [0 19]
        Not = "kNOT" [0 20]
        Sign = "kSIGN" [0 21]
        Round = "kROUND" [0 22]
        Isinf = "kISINF" [1 23]
        Isnan = "kISNAN" [4 24]
    }
    WeightsRole {
        Kernel = "kKERNEL" [0 0]
        Bias = "kBIAS" [0 1]
        Shift = "kSHIFT" [0 2]
        Scale = "kSCALE" [0 3]
        Constant = "kCONSTANT" [0 4]
        Any = "kANY" [0 5]
    }
}

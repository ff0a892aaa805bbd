// Classify a picture with a trained network, in C++: objects free themselves, failures are exceptions.
//
//   classify MODEL.onnx PIXELS
//
// PIXELS is a file of float32 in the order of the model's one input, whose free extents become 1. Prints the five likeliest classes.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <tvmtrt.hpp>

static std::vector<float> read_floats(const char *path, std::size_t count)
{
    std::vector<float> out(count);
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char *>(out.data()), static_cast<std::streamsize>(count * sizeof(float)));
    if (!file)
        throw std::runtime_error(std::string(path) + " has less than " + std::to_string(count) + " numbers");
    return out;
}

int main(int argc, char **argv)
try {
    if (argc != 3) {
        std::fprintf(stderr, "usage: classify MODEL.onnx PIXELS\n");
        return 2;
    }
    tvmtrt::Options options{{"threads", "2"}};
    options.from_env().set_log_callback([](tvmtrt::Level, const char *line) { std::fprintf(stderr, "tvmtrt: %s\n", line); });

    const tvmtrt::Model model(argv[1], &options);
    tvmtrt::Value input = model.inputs().at(0);
    std::replace(input.dims.begin(), input.dims.end(), std::int64_t{-1}, std::int64_t{1});
    const tvmtrt::Partition partition(model, {{input.name, input.dims}}, &options);
    std::printf("%s, %zu regions for TensorRT\n", input.text.c_str(), partition.region_count());

    tvmtrt::Session session(tvmtrt::Build(partition, &options), &options);
    const tvmtrt::TensorView shape(static_cast<float *>(nullptr), input.dims);
    const std::vector<float> pixels = read_floats(argv[2], shape.size());
    const auto scores = session.run({{input.name, tvmtrt::TensorView(pixels, input.dims)}}).at(0).to_vector<float>();

    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto top = std::min<std::size_t>(5, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(),
                      [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    std::printf("top:");
    for (std::size_t i = 0; i < top; i++)
        std::printf(" %zu (%.4g)", order[i], static_cast<double>(scores[order[i]]));
    std::printf("\n");
} catch (const std::exception &e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
}

cmake_minimum_required(VERSION 3.18)
project(server CXX)
add_executable(server ${HERE}/server.cpp)
target_compile_features(server PRIVATE cxx_std_17)
# the block

/**
 * The palette. Shade 6 of each colour carries white text, and is readable on white, at AA (4.5:1 or more); shade 3 of
 * each is readable on the dark surfaces.
 */
import type { MantineColorsTuple } from '@mantine/core';

export const brand: MantineColorsTuple = [
  '#e8f6f2', '#cdebe3', '#9fd8c9', '#6ec3ae', '#48ae97', '#2a9580', '#177a66', '#115f4f', '#0e4d40', '#0a3a31',
];
export const red: MantineColorsTuple = [
  '#fdeeed', '#fbd8d6', '#f4aaa6', '#f08a84', '#f0746d', '#d63b32', '#bd271e', '#a01f17', '#831a14', '#66140f',
];
export const green: MantineColorsTuple = [
  '#e9f6ec', '#d0ebd7', '#a2d8b0', '#7cc98f', '#58b871', '#2f974c', '#1d7638', '#186230', '#144f27', '#0f3c1e',
];
export const blue: MantineColorsTuple = [
  '#eaf2fc', '#d2e3f8', '#a3c7f0', '#80b0ea', '#639ce4', '#2f72c8', '#2160b0', '#1b4f91', '#163f73', '#102f56',
];
export const yellow: MantineColorsTuple = [
  '#fff7e0', '#ffecb8', '#fbd978', '#f3c64a', '#e3b02b', '#b5850c', '#855e00', '#6d4d00', '#563d00', '#402d00',
];
export const orange: MantineColorsTuple = [
  '#fff1e6', '#ffddc2', '#fbb988', '#f6a062', '#f08a42', '#cf6315', '#a84b08', '#8c3e06', '#703205', '#542604',
];
export const gray: MantineColorsTuple = [
  '#f6f7f8', '#eef0f2', '#e3e6e9', '#d3d8dc', '#b5bcc3', '#8b949d', '#656f79', '#4b545d', '#343b42', '#1d2328',
];
export const dark: MantineColorsTuple = [
  '#e3e7ea', '#c3cad0', '#9ea8b1', '#7a8590', '#56606a', '#39424a', '#1b2025', '#171b1f', '#111417', '#0b0d0f',
];

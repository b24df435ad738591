-- Shoal: nested comments and strings. Nothing here is built.
{- Shoal: nested {- comments -} and "quotes". Nothing here is built. -}
{-# LANGUAGE OverloadedStrings #-}
module Shoal (depth, Shoal (..)) where -- it's a "module"

import Data.Map (Map, (!)) -- {

-- | A documented type.
data Shoal = Shoal { name :: String, marks :: [(Char, Int)] } deriving (Eq, Show)

quotes :: [Char]
quotes = ['"', '\'', '\\', '{', '(', '\n']

depth :: String -> Int
depth text = go' 0 text where
  go' n "" = n
  go' n (c : rest) | c `elem` ("([{" :: String) = go' (n + 1) rest -- "(
                   | otherwise = go' (max 0 (n - 1)) rest
  text' = "say \"hi\" -- no comment {- nor this" ++ ['a']
  (-->) a b = a + b
  gap = "first \
        \second" {- between -} ++ ""
